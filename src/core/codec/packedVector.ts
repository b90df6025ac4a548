/**
 * Writes a long vector in a fifth to a half of the text that decimal numbers take, without losing a bit.
 *
 * | form                                 | used for vectors                                              |
 * | ------------------------------------ | ------------------------------------------------------------- |
 * | `[1, 0.5, …]`                        | of up to 64 components                                        |
 * | `{ "all": 0, "length": 5000 }`       | that are longer and repeat one number                         |
 * | `{ "float32": "AACAPw…" }`           | that are longer and lose nothing as 32-bit floats             |
 * | `{ "float64": "mpmZmZmZuT8…" }`      | that are longer                                               |
 *
 * The text is base64 of the numbers in order, least significant byte first. A vector has exactly one form: the first in
 * the table that fits.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Base64 from './base64.js'

/** Vectors of more components than this are packed. */
export const longestPlain = 64

/** The most components that are unpacked. It equals the longest list allowed in JSON (`RunLog.limits`). */
export const longest = 65_536

export type Packed =
  | { readonly all: number; readonly length: number }
  | { readonly float32: string }
  | { readonly float64: string }

type Vec = ReadonlyArray<number>

const bytesPer = { float32: 4, float64: 8 } as const
type Width = keyof typeof bytesPer

const textOf = (width: Width, vector: Vec): string => {
  const size = bytesPer[width]
  const view = new DataView(new ArrayBuffer(size * vector.length))
  for (let k = 0; k < vector.length; k++)
    if (width === 'float32') view.setFloat32(size * k, vector[k]!, true)
    else view.setFloat64(size * k, vector[k]!, true)
  return Base64.encode(new Uint8Array(view.buffer))
}

/** The packed form of a vector of more than {@link longestPlain} finite numbers. */
export const pack = (vector: Vec): Packed => {
  const first = vector[0]!
  // JSON would write −0 as 0.
  if (!Object.is(first, -0) && vector.every(x => Object.is(x, first)))
    return { all: first, length: vector.length }
  return vector.every(x => Object.is(Math.fround(x), x))
    ? { float32: textOf('float32', vector) }
    : { float64: textOf('float64', vector) }
}

/** Whether a JSON value is a vector to pack: a list of finite numbers, longer than {@link longestPlain}. */
export const isLong = (value: unknown): value is Vec =>
  Array.isArray(value) && value.length > longestPlain && value.every(Number.isFinite)

/** The fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** Whether a JSON value has the shape of a packed vector. */
export const isPacked = (value: Fields): boolean => 'all' in value || 'float32' in value || 'float64' in value

/** The length that a packed vector claims to have; 0 if it claims none. Builds nothing. */
export const claimed = ({ all, length, float32, float64 }: Fields): number => {
  if (typeof float32 === 'string') return Math.floor((Base64.lengthOf(float32) ?? 0) / 4)
  if (typeof float64 === 'string') return Math.floor((Base64.lengthOf(float64) ?? 0) / 8)
  return typeof all === 'number' && typeof length === 'number' ? length : 0
}

const numbersOf = (width: Width, text: string): E.Either<string, Vec> => {
  const bytes = Base64.decode(text)
  const size = bytesPer[width]
  if (bytes === null || bytes.length % size !== 0)
    return E.left(`holds a ${width} that is not base64 of whole numbers`)
  const view = new DataView(bytes.buffer)
  const vector = Array.from({ length: bytes.length / size }, (_, k) =>
    width === 'float32' ? view.getFloat32(size * k, true) : view.getFloat64(size * k, true),
  )
  return vector.every(Number.isFinite) ? E.right(vector) : E.left('holds a packed number that is not finite')
}

/**
 * The inverse of {@link pack}. Left: a clause about the surrounding text. A vector that is too long is refused before
 * it is built.
 */
export const unpack = (packed: Fields): E.Either<string, Vec> => {
  const { all, length, float32, float64 } = packed
  const count = claimed(packed)
  if (!Number.isSafeInteger(count) || count <= longestPlain)
    return E.left(`holds a packed vector whose length is not an integer above ${longestPlain}`)
  if (count > longest) return E.left(`holds a packed vector of more than ${longest} numbers`)
  if (typeof float32 === 'string') return numbersOf('float32', float32)
  if (typeof float64 === 'string') return numbersOf('float64', float64)
  return typeof all === 'number' && Number.isFinite(all)
    ? E.right(Array.from({ length: count }, () => all))
    : E.left(`holds a packed vector of ${String(length)} times something that is not a number`)
}
