/**
 * NPZ, NumPy's archive of arrays: a zip file with one NPY file per array. `x` has the images, `y` the labels.
 *
 * - `x`: N×H×W, N×H×W×C or N×P with P a square number (H = W = √P); any type of number. N×C×H×W with C = 1, 3 or 4 is
 *   recognised where C×H×W cannot be H×W×C, because its last size is no usual number of channels.
 * - `y`: N or N×1 labels in 0 … classes − 1, or N×K rows with a single 1; any type of number.
 *
 * The values stay as they are in the file: their scale is decided for all sets of a task together (set/PixelScale.ts).
 *
 * The checksum of every member that is read is checked. A member's size is checked against the shape before memory is spent.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { RawSet } from '../set/RawSet.js'
import type { SizeOf } from './inflate.js'
import { group, maxFileBytes, maxPixels } from './limits.js'
import * as Npy from './Npy.js'
import { open, type ZipArchive } from './ZipArchive.js'

interface NpyArray extends Npy.Header {
  readonly name: string
  readonly values: Npy.Values
}

const product = (sizes: ReadonlyArray<number>): number => sizes.reduce((total, size) => total * size, 1)

const shapeText = (shape: ReadonlyArray<number>): string => `(${shape.join(', ')})`

/** The names of the arrays of an archive, without the ending `.npy`. */
const arraysIn = ({ names }: ZipArchive): ReadonlyArray<string> =>
  names.flatMap(name => (name.endsWith('.npy') ? [name.slice(0, -4)] : []))

const mostListed = 12

/** Checks that both arrays are there. Otherwise says which there are, and what to do. */
const complete = (archive: ZipArchive): E.Either<string, void> => {
  const there = arraysIn(archive)
  const absent = ['x', 'y'].filter(name => !there.includes(name))
  if (absent.length === 0) return E.right(undefined)
  const listed = there.slice(0, mostListed).map(name => `\`${name}\``)
  return E.left(
    `it has no array ${absent.map(name => `\`${name}\``).join(' and no array ')}, ` +
      (there.length === 0
        ? 'nor any other'
        : `only ${listed.join(', ')}${there.length > mostListed ? `, … (${there.length} in all)` : ''}`) +
      '; save the images as `x` and the labels as `y`: numpy.savez(file, x=…, y=…)',
  )
}

/** Reads one array; `check` refuses a header before the values are unpacked. */
const array =
  (archive: ZipArchive) =>
  (
    name: 'x' | 'y',
    check: (header: Npy.Header) => E.Either<string, unknown>,
  ): TE.TaskEither<string, NpyArray> => {
    const what = `the array \`${name}\``
    const unreadable = (problem: string): string => `${what} cannot be read: ${problem}`
    const sizeOf: SizeOf = head =>
      pipe(
        Npy.headerIn(head),
        E.filterOrElse(
          header => header === null || header.end <= maxFileBytes,
          header => `it has ${group(header?.end ?? 0)} bytes, more than the limit of ${group(maxFileBytes)}`,
        ),
        E.mapLeft(unreadable),
        E.chainFirst(header => (header === null ? E.right(undefined) : check(header))),
        E.map(header => header?.end ?? null),
      )
    return pipe(
      archive.read({ name: `${name}.npy`, what, sizeOf }),
      TE.chainEitherK(file =>
        pipe(
          E.Do,
          E.bind('header', () => Npy.header(file)),
          E.bind('values', ({ header }) => Npy.values(header)(file)),
          E.bimap(unreadable, ({ header, values }) => ({ ...header, name, values })),
        ),
      ),
    )
  }

/** The element at a flat index, as NumPy writes it: `x[3, 0, 12]`. */
const place = ({ name, shape }: Pick<NpyArray, 'name' | 'shape'>, flat: number): string => {
  const [indices] = shape.reduceRight<readonly [ReadonlyArray<number>, number]>(
    ([places, rest], size) => [[rest % size, ...places], Math.floor(rest / size)],
    [[], flat],
  )
  return `${name}[${indices.join(', ')}]`
}

/** Whether a size can be a number of channels: grey, grey with alpha, colours, colours with alpha. */
const isChannels = (size: number): boolean => size >= 1 && size <= 4

interface Layout {
  readonly shape: RawSet['shape']
  /** Whether the channels come first in the file, and must be moved. */
  readonly channelsFirst: boolean
}

/** How images lie in an array of this shape. */
const layout = ({ shape }: Npy.Header): E.Either<string, Layout> => {
  const [, a = 0, b = 0, c = 1] = shape
  const side = Math.round(Math.sqrt(a))
  const found: Layout | undefined =
    shape.length === 2 && side * side === a
      ? { shape: [side, side, 1], channelsFirst: false }
      : shape.length === 3
        ? { shape: [a, b, 1], channelsFirst: false }
        : shape.length === 4
          ? isChannels(a) && a !== 2 && !isChannels(c)
            ? { shape: [b, c, a], channelsFirst: true }
            : { shape: [a, b, c], channelsFirst: false }
          : undefined
  if (found === undefined || product(shape) === 0)
    return E.left(
      `the array \`x\` has the shape ${shapeText(shape)}, but must be N×height×width, N×height×width×channels or ` +
        'N×(a square number of pixels), all at least 1',
    )
  return product(shape) > maxPixels
    ? E.left(
        `the array \`x\` has ${group(product(shape))} values, more than the limit of ${group(maxPixels)}`,
      )
    : E.right(found)
}

/** Moves the channels behind height and width. */
const channelsLast = <V extends Npy.Values>(values: V, [height, width, channels]: RawSet['shape']): V => {
  if (channels === 1) return values
  const moved = values.slice() as V
  const plane = height * width
  for (let i = 0; i < values.length; i++) {
    const pixel = i % plane
    const channel = Math.floor(i / plane) % channels
    const image = Math.floor(i / (plane * channels))
    moved[(image * plane + pixel) * channels + channel] = values[i]!
  }
  return moved
}

const pixels = (x: NpyArray, { shape, channelsFirst }: Layout): E.Either<string, RawSet['pixels']> => {
  const { values, type } = x
  let [lowestAt, highestAt] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value))
      return E.left(`${place(x, i)} is ${value}, but pixels must be finite numbers`)
    if (value < values[lowestAt]!) lowestAt = i
    if (value > values[highestAt]!) highestAt = i
  }
  return E.right({
    values: channelsFirst ? channelsLast(values, shape) : values,
    type: type === 'bool' ? 'bool' : Npy.isWhole(type) ? 'whole' : 'float',
    typeName: type,
    lowest: { value: values[lowestAt]!, place: place(x, lowestAt) },
    highest: { value: values[highestAt]!, place: place(x, highestAt) },
  })
}

/** Checks the shape of `y` before its values are read. `classes`: rows of so many ones and zeros at most. */
const labelShape =
  (classes: number) =>
  ({ shape }: Npy.Header): E.Either<string, unknown> => {
    const [, columns = 1] = shape
    return (shape.length === 1 || shape.length === 2) && columns >= 1 && columns <= Math.max(1, classes)
      ? E.right(undefined)
      : E.left(
          `the array \`y\` has the shape ${shapeText(shape)}, but must have one label per image, (N,), or rows with a ` +
            `single 1, (N, ${classes}) for ${classes} classes`,
        )
  }

const labels =
  (classes: number) =>
  (y: NpyArray): E.Either<string, Uint8Array> => {
    const { shape, values } = y
    const [count = 0, columns = 1] = shape
    const found = new Uint8Array(count)
    if (columns > 1) {
      for (let i = 0; i < count; i++) {
        const row = values.subarray(i * columns, (i + 1) * columns)
        const label = row.indexOf(1)
        if (label < 0 || row.some((value, k) => value !== 0 && k !== label))
          return E.left(
            `the row y[${i}] is ${shapeText([...row.subarray(0, 10)])}, but must have a single 1 among zeros: y has the ` +
              `shape ${shapeText(shape)}, so its rows are read as one-hot labels`,
          )
        found[i] = label
      }
      return E.right(found)
    }
    for (let i = 0; i < count; i++) {
      const label = values[i]!
      if (!Number.isInteger(label) || label < 0 || label >= classes)
        return E.left(`${place(y, i)} is ${label}, but labels must be integers in 0…${classes - 1}`)
      found[i] = label
    }
    return E.right(found)
  }

/** Refuses images that do not match the labels, before they are unpacked. */
const imagesFor =
  (count: number) =>
  (header: Npy.Header): E.Either<string, unknown> =>
    pipe(
      layout(header),
      E.filterOrElse(
        () => header.shape[0] === count,
        () => `\`x\` has ${group(header.shape[0] ?? 0)} images, but \`y\` has ${group(count)} labels`,
      ),
    )

/** What a person should know of how an array was read, where there was a choice. */
const notes = ({ shape }: NpyArray, read: Layout): ReadonlyArray<string> => {
  const images = `images of ${read.shape.join('×')} (height×width×channels)`
  const [, a = 0, , c = 1] = shape
  return read.channelsFirst
    ? [`The array \`x\` of shape ${shapeText(shape)} is read as N×channels×height×width, ${images}.`]
    : shape.length === 4 && isChannels(a) && a !== 2 && c !== 1
      ? [
          `The array \`x\` of shape ${shapeText(shape)} is read as N×height×width×channels, ${images}. If its channels come ` +
            'first, save it as numpy.moveaxis(x, 1, -1).',
        ]
      : []
}

/** Decodes the images `x` and the labels `y` of an NPZ archive. A `Left` is a clause about the file. */
export const decodeNpz =
  (classes: number) =>
  (bytes: Uint8Array): TE.TaskEither<string, RawSet> =>
    pipe(
      open(bytes),
      TE.mapLeft(problem => `it is not a readable NPZ (zip) archive: ${problem}`),
      TE.bindTo('archive'),
      TE.chainFirstEitherK(({ archive }) => complete(archive)),
      TE.bind('y', ({ archive }) => array(archive)('y', labelShape(classes))),
      TE.bind('x', ({ archive, y }) => array(archive)('x', imagesFor(y.shape[0] ?? 0))),
      TE.chainEitherK(({ x, y }) =>
        pipe(
          E.Do,
          E.bind('found', () => layout(x)),
          E.bind('labels', () => labels(classes)(y)),
          E.bind('pixels', ({ found }) => pixels(x, found)),
          E.map(({ found, ...read }): RawSet => ({
            ...read,
            shape: found.shape,
            classes,
            notes: notes(x, found),
          })),
        ),
      ),
    )
