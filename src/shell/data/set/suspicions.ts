/**
 * What looks wrong in the sets of a task, although it can be trained: classes that cannot be learnt, images that are in two
 * sets, blank images, dark ones. Each is one fact in full sentences, with what to do.
 *
 * Label noise is no mistake: the labels before it are looked at.
 */
import { crc32 } from 'node:zlib'
import { size, type ImageSet, type Splits } from './ImageSet.js'
import * as Standardisation from './Standardisation.js'

interface Named {
  readonly name: string
  readonly set: ImageSet
}

const namedSets = ({ train, validation, test }: Splits): ReadonlyArray<Named> => [
  { name: 'training', set: train },
  { name: 'validation', set: validation },
  ...(test === null ? [] : [{ name: 'test', set: test }]),
]

const number = (value: number): string => value.toLocaleString('en-US')

/** `some`: "3 images of", `all`: "all 60 images of". */
const howMany = (count: number, of: number): string =>
  count === of
    ? of === 1
      ? 'The only image of'
      : `All ${number(of)} images of`
    : `${number(count)} of ${number(of)} images of`

const mostListed = 12

const listed = (classes: ReadonlyArray<number>): string =>
  `${classes.length === 1 ? 'Class' : 'Classes'} ${classes.slice(0, mostListed).join(', ')}${classes.length > mostListed ? ', …' : ''}`

/** The number of images of each class. */
export const classCounts = ({ labels, truth, classes }: ImageSet): ReadonlyArray<number> => {
  const counts = Array.from({ length: classes }, () => 0)
  for (const label of truth ?? labels) counts[label]! += 1
  return counts
}

const aboutClasses = (sets: ReadonlyArray<Named>): ReadonlyArray<string> => {
  const counts = sets.map(({ name, set }) => ({ name, of: classCounts(set) }))
  const [train, ...others] = counts
  const classes = train!.of.map((_, c) => c)
  const untrained = others.flatMap(({ name, of }) => {
    const missing = classes.filter(c => of[c]! > 0 && train!.of[c] === 0)
    const images = missing.reduce((sum, c) => sum + of[c]!, 0)
    return missing.length === 0
      ? []
      : [
          `${listed(missing)} of the ${name} set (${number(images)} images) ${missing.length === 1 ? 'is' : 'are'} not in the ` +
            'training set, so no network can learn to tell them. Draw the sets anew, with every class in each.',
        ]
  })
  const alone = counts.flatMap(({ name, of }) => {
    const found = classes.filter(c => of[c]! > 0)
    return found.length === 1
      ? [
          `All images of the ${name} set are of class ${found[0]!}, so nothing can be told apart in it. ` +
            'Check the labels.',
        ]
      : []
  })
  const unused = classes.filter(c => counts.every(({ of }) => of[c] === 0))
  return [
    ...untrained,
    ...alone,
    ...(unused.length === 0
      ? []
      : [
          `${listed(unused)} ${unused.length === 1 ? 'has' : 'have'} no image in any set, but the network has an output for ` +
            'each of the classes. Check the labels and the number of classes in the section `data`.',
        ]),
  ]
}

/** The images of a set as bytes, with a checksum of each. */
const hashed = ({ images, labels }: ImageSet) => {
  const bytes = Buffer.from(images.buffer, images.byteOffset, images.byteLength)
  const length = bytes.length / labels.length
  const image = (i: number): Buffer => bytes.subarray(i * length, (i + 1) * length)
  return { image, checksums: Array.from(labels, (_, i) => crc32(image(i))) }
}

type Hashed = ReturnType<typeof hashed>

/** The number of images of `b` that are images of `a`, too. Equal checksums find candidates, and the pixels decide. */
const shared = (a: Hashed, b: Hashed): number => {
  const byChecksum = new Map<number, number[]>()
  for (const [i, checksum] of a.checksums.entries()) {
    const there = byChecksum.get(checksum)
    if (there === undefined) byChecksum.set(checksum, [i])
    else there.push(i)
  }
  return b.checksums.filter(
    (checksum, i) => byChecksum.get(checksum)?.some(k => b.image(i).equals(a.image(k))) === true,
  ).length
}

const consequence: Readonly<Record<string, string>> = {
  validation: 'the validation loss measures what was trained, and λ is chosen by it',
  test: 'the test losses do not measure new images',
}

const aboutShared = (sets: ReadonlyArray<Named>): ReadonlyArray<string> => {
  const all = sets.map(({ name, set }) => ({ name, of: size(set), set: hashed(set) }))
  return all.flatMap((a, i) =>
    all.slice(i + 1).flatMap(b => {
      const count = shared(a.set, b.set)
      return count === 0
        ? []
        : [
            `${howMany(count, b.of)} the ${b.name} set ${count === 1 ? 'is' : 'are'} also in the ${a.name} set. On ` +
              `${count === 1 ? 'it' : 'these'} ${consequence[b.name]!}. ` +
              `${count === b.of ? 'Were both read from one file? ' : ''}Give sets without common images.`,
          ]
    }),
  )
}

/** Whether all pixels from one place to another are equal, or differ by `tolerance` at most. */
const isBlank = (pixels: Float32Array, from: number, to: number, tolerance: number): boolean => {
  for (let i = from + 1; i < to; i++) if (Math.abs(pixels[i]! - pixels[from]!) > tolerance) return false
  return true
}

/** The number of blank images, and the largest pixel. */
const pixelFacts = (
  set: ImageSet,
  tolerance: number,
): { readonly blank: number; readonly highest: number } => {
  const length = set.images.length / size(set)
  let [blank, highest] = [0, 0]
  if (length > 1)
    for (let i = 0; i < size(set); i++)
      if (isBlank(set.images, i * length, (i + 1) * length, tolerance)) blank++
  for (const pixel of set.images) if (pixel > highest) highest = pixel
  return { blank, highest }
}

/** Looks at pixels as they were before they were standardised. */
const aboutPixels = (
  sets: ReadonlyArray<Named>,
  scale: number,
  standardisation: Splits['standardisation'],
): ReadonlyArray<string> => {
  // Equal pixels may be a step of the grid apart where each was standardised by other numbers.
  const tolerance = standardisation === undefined ? 0 : 2 * Standardisation.grid
  const facts = sets.map(({ name, set }) => ({
    name,
    of: size(set),
    ...pixelFacts(Standardisation.original(standardisation)(set), tolerance),
  }))
  const blank = facts.flatMap(({ name, of, blank: count }) =>
    count === 0
      ? []
      : [
          `${howMany(count, of)} the ${name} set ${count === 1 ? 'is' : 'are'} blank: all pixels of such an image are ` +
            'equal. Check how the file was written.',
        ],
  )
  const highest = facts.reduce((most, { highest }) => Math.max(most, highest), 0)
  const dark =
    highest >= 0.5
      ? []
      : [
          `The largest pixel is ${Number((highest * scale).toPrecision(6))} in the files, where ${scale} counts as white. If white is ` +
            'less than that in them, state it in the field `data.scale`.',
        ]
  return [...blank, ...dark]
}

/** Features this many deviations from their mean would rule the first layer. */
const farAway = 100

/** A pixel that hardly varies in the training set has a tiny deviation, and may be far away in another set. */
const aboutDeviations = (sets: ReadonlyArray<Named>): ReadonlyArray<string> =>
  sets.flatMap(({ name, set: { images } }) => {
    let farthest = 0
    for (let i = 0; i < images.length; i++) farthest = Math.max(farthest, Math.abs(images[i]!))
    return farthest <= farAway
      ? []
      : [
          `A standardised pixel of the ${name} set is ${number(Math.round(farthest))} deviations from its mean, since it hardly ` +
            'varies in the training set. Use `"standardise": "channel"`, or more training images.',
        ]
  })

/**
 * Everything that looks wrong; empty if nothing does. Images are looked at only if they were read from files of the user: those
 * of the stored sets are known, and many.
 */
export const suspicions = (splits: Splits): ReadonlyArray<string> => {
  const sets = namedSets(splits)
  const { reading, standardisation } = splits
  return [
    ...aboutClasses(sets),
    ...(reading === undefined
      ? []
      : [...aboutShared(sets), ...aboutPixels(sets, reading.scale, standardisation)]),
    ...(standardisation?.per === 'feature' ? aboutDeviations(sets) : []),
  ]
}
