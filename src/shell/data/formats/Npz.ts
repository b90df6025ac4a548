/**
 * NPZ, NumPy's archive of arrays: a zip file with one NPY file per array. `x` has the images, `y` the labels.
 *
 * - `x`: N×H×W, N×H×W×C or N×P with P a square number (H = W = √P); float32, float64 or uint8; values in 0…255. If no
 *   value exceeds 1, the pixels count as already scaled to [0, 1].
 * - `y`: N labels in 0 … classes − 1; any integer or floating-point type with integer values.
 *
 * Pure. It uses fflate for zip and npyjs for NPY; both trust their input. fflate allocates the size that a zip entry
 * states, so we check that size first. npyjs checks neither the memory order nor whether shape and data agree.
 */
import { messageOf } from '../../base/messageOf.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { unzipSync } from 'fflate'
import { parse } from 'npyjs'
import type { ImageSet } from '../set/ImageSet.js'
import { group, maxFileBytes, maxPixels } from './limits.js'

interface NpyArray {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: ArrayLike<number | bigint>
}

const pixelTypes: ReadonlyArray<string> = ['f4', 'f8', 'u1']
const labelTypes: ReadonlyArray<string> = ['f4', 'f8', 'u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8']

const words: Readonly<Record<string, string>> = { f4: 'float32', f8: 'float64', u1: 'uint8' }

/** The archive's members `x.npy` and `y.npy`, uncompressed; no other member is read. */
const members = (bytes: Uint8Array): E.Either<string, Readonly<Record<string, Uint8Array>>> => {
  const tooLarge: string[] = []
  return pipe(
    E.tryCatch(
      () =>
        unzipSync(bytes, {
          filter: ({ name, size, originalSize }) => {
            if (name !== 'x.npy' && name !== 'y.npy') return false
            const stated = Math.max(size, originalSize)
            if (stated > maxFileBytes) tooLarge.push(`${name} states ${group(stated)} bytes`)
            return stated <= maxFileBytes
          },
        }),
      thrown => `it is not a readable NPZ (zip) archive: ${messageOf(thrown)}`,
    ),
    E.filterOrElse(
      () => tooLarge.length === 0,
      () => `${tooLarge.join(', ')}, more than the limit of ${group(maxFileBytes)}`,
    ),
  )
}

/** Whether the data is a typed array of numbers. For strings and booleans npyjs returns plain lists, despite its types. */
const isNumbers = (data: unknown): data is ArrayLike<number | bigint> =>
  ArrayBuffer.isView(data) && !(data instanceof DataView)

const product = (shape: ReadonlyArray<number>): number => shape.reduce((total, size) => total * size, 1)

/** Reads one NPY file, whose data must match its shape exactly. */
const npy =
  (name: string, types: ReadonlyArray<string>) =>
  (files: Readonly<Record<string, Uint8Array>>): E.Either<string, NpyArray> => {
    const file = files[`${name}.npy`]
    if (file === undefined) return E.left(`it has no array \`${name}\``)
    const accepted = types.map(type => words[type] ?? type).join(', ')
    return pipe(
      // npyjs reads a whole ArrayBuffer, so the file is copied into its own.
      E.tryCatch(
        () => parse(file.slice().buffer),
        thrown =>
          `the array \`${name}\` cannot be read (${messageOf(thrown)}); it must be little-endian ${accepted}`,
      ),
      E.chain(({ data, shape, dtype, fortranOrder }) => {
        if (!types.includes(dtype) || !isNumbers(data))
          return E.left(`the array \`${name}\` has the type ${dtype}, but must be little-endian ${accepted}`)
        if (fortranOrder)
          return E.left(
            `the array \`${name}\` is in Fortran order (column-major), but must be in C order: save it as numpy.ascontiguousarray(${name})`,
          )
        if (!shape.every(size => Number.isSafeInteger(size) && size >= 0))
          return E.left(`the array \`${name}\` has the invalid shape (${shape.join(', ')})`)
        if (product(shape) !== data.length)
          return E.left(
            `the array \`${name}\` is truncated or too long: its shape (${shape.join(', ')}) needs ${group(product(shape))} values, but it has ${group(data.length)}`,
          )
        return E.right({ name, shape, data })
      }),
    )
  }

/** The shape H×W×C of the images in an array. */
const imageShape = ({ shape }: NpyArray): E.Either<string, ImageSet['shape']> => {
  const [count = 0, height = 0, width, channels = 1] = shape
  const side = Math.round(Math.sqrt(height))
  const found: ImageSet['shape'] | undefined =
    shape.length === 2 && side * side === height
      ? [side, side, 1]
      : (shape.length === 3 || shape.length === 4) && width !== undefined
        ? [height, width, channels]
        : undefined
  if (found === undefined || count * product(found) === 0)
    return E.left(
      `the array \`x\` has the shape (${shape.join(', ')}), but must be N×height×width, N×height×width×channels or N×(a square number of pixels), all at least 1`,
    )
  return product(shape) > maxPixels
    ? E.left(
        `the array \`x\` has ${group(product(shape))} values, more than the limit of ${group(maxPixels)}`,
      )
    : E.right(found)
}

/** The element at a flat index, as NumPy writes it: `x[3, 0, 12]`. */
const place = ({ name, shape }: NpyArray, flat: number): string => {
  const [indices] = shape.reduceRight<readonly [ReadonlyArray<number>, number]>(
    ([places, rest], size) => [[rest % size, ...places], Math.floor(rest / size)],
    [[], flat],
  )
  return `${name}[${indices.join(', ')}]`
}

const scaled = (array: NpyArray): E.Either<string, Float32Array> => {
  const { data } = array
  let highest = 0
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i])
    // This form also refuses NaN.
    if (!(value >= 0 && value <= 255))
      return E.left(`${place(array, i)} is ${value}, but pixels must be finite numbers in 0…255`)
    if (value > highest) highest = value
  }
  const scale = highest > 1 ? 255 : 1
  const images = new Float32Array(data.length)
  for (let i = 0; i < data.length; i++) images[i] = Number(data[i]) / scale
  return E.right(images)
}

const labelled =
  (classes: number, count: number) =>
  (array: NpyArray): E.Either<string, Uint8Array> => {
    const { shape, data } = array
    // NumPy saves a data frame's column as N×1.
    if (!(shape.length === 1 || (shape.length === 2 && shape[1] === 1)))
      return E.left(
        `the array \`y\` has the shape (${shape.join(', ')}), but must have one label per image, (N,)`,
      )
    if (data.length !== count)
      return E.left(`\`x\` has ${group(count)} images, but \`y\` has ${group(data.length)} labels`)
    const labels = new Uint8Array(count)
    for (let i = 0; i < count; i++) {
      const label = Number(data[i])
      if (!Number.isInteger(label) || label < 0 || label >= classes)
        return E.left(`${place(array, i)} is ${label}, but labels must be integers in 0…${classes - 1}`)
      labels[i] = label
    }
    return E.right(labels)
  }

/** Decodes the images `x` and the labels `y` of an NPZ archive. A `Left` is a clause about the file. */
export const decode =
  (classes: number) =>
  (bytes: Uint8Array): E.Either<string, ImageSet> =>
    pipe(
      E.Do,
      E.bind('files', () => members(bytes)),
      E.bind('x', ({ files }) => npy('x', pixelTypes)(files)),
      E.bind('y', ({ files }) => npy('y', labelTypes)(files)),
      E.bind('shape', ({ x }) => imageShape(x)),
      E.bind('labels', ({ x, y }) => labelled(classes, x.shape[0] ?? 0)(y)),
      E.bind('images', ({ x }) => scaled(x)),
      E.map(({ images, labels, shape }) => ({ images, labels, shape, classes })),
    )
