/**
 * NPY, NumPy's file of one array: a magic number, a version, the length of the header, a header, the values.
 *
 *     \x93NUMPY 1 0 <uint16: length> {'descr': '<f4', 'fortran_order': False, 'shape': (60, 28, 28), } <values>
 *
 * Read as numpy reads it: versions 1 to 3, headers of Python 2, either byte order, C or Fortran order, any length of the
 * header. Types: booleans, integers of 1 to 8 bytes, floats of 2, 4 and 8 bytes. Others are refused.
 *
 * Pure. A `Left` is a clause about the array, such as "it is truncated".
 *
 * Source: NumPy, `numpy.lib.format`, "NPY format".
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { group } from './limits.js'
import { pythonLiteral, type Literal } from './pythonLiteral.js'

/** The types of values that are read, by NumPy's names. */
export type Type = keyof typeof types

/** What the header says. */
export interface Header {
  readonly type: Type
  readonly bigEndian: boolean
  /** Whether the first index changes fastest in the file. */
  readonly fortran: boolean
  readonly shape: ReadonlyArray<number>
  /** The number of values: the product of `shape`. */
  readonly count: number
  /** Where the values begin. */
  readonly start: number
  /** Where they end, which is the size of the file. */
  readonly end: number
}

/** Values in C order: the last index changes fastest. Numbers of 8 bytes become doubles. */
export type Values =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

const wide = (signed: boolean) => (buffer: ArrayBuffer) => {
  const words = new Uint32Array(buffer)
  const high = signed ? new Int32Array(buffer) : words
  // Whole numbers beyond 2^53 lose their last digits, which is no matter: no pixel and no label is as large.
  return Float64Array.from({ length: words.length / 2 }, (_, i) => high[2 * i + 1]! * 2 ** 32 + words[2 * i]!)
}

/** IEEE 754 half precision: 1 bit sign, 5 bits exponent, 10 bits fraction. */
const half = (bits: number): number => {
  const sign = bits >> 15 === 0 ? 1 : -1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  return exponent === 31
    ? fraction === 0
      ? sign * Infinity
      : NaN
    : sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}

interface TypeOfValues {
  readonly bytes: number
  readonly whole: boolean
  /** Values from little-endian bytes. */
  readonly read: (buffer: ArrayBuffer) => Values
}

const types = {
  // Any byte but zero is true, as NumPy has it.
  bool: { bytes: 1, whole: true, read: buffer => new Uint8Array(buffer).map(byte => Math.min(byte, 1)) },
  uint8: { bytes: 1, whole: true, read: buffer => new Uint8Array(buffer) },
  int8: { bytes: 1, whole: true, read: buffer => new Int8Array(buffer) },
  uint16: { bytes: 2, whole: true, read: buffer => new Uint16Array(buffer) },
  int16: { bytes: 2, whole: true, read: buffer => new Int16Array(buffer) },
  uint32: { bytes: 4, whole: true, read: buffer => new Uint32Array(buffer) },
  int32: { bytes: 4, whole: true, read: buffer => new Int32Array(buffer) },
  uint64: { bytes: 8, whole: true, read: wide(false) },
  int64: { bytes: 8, whole: true, read: wide(true) },
  float16: { bytes: 2, whole: false, read: buffer => Float32Array.from(new Uint16Array(buffer), half) },
  float32: { bytes: 4, whole: false, read: buffer => new Float32Array(buffer) },
  float64: { bytes: 8, whole: false, read: buffer => new Float64Array(buffer) },
} as const satisfies Record<string, TypeOfValues>

/** Whether values of this type are whole numbers. */
export const isWhole = (type: Type): boolean => types[type].whole

const kinds: Readonly<Record<string, Type>> = {
  b1: 'bool',
  '?': 'bool',
  u1: 'uint8',
  i1: 'int8',
  u2: 'uint16',
  i2: 'int16',
  u4: 'uint32',
  i4: 'int32',
  u8: 'uint64',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
}

/** The first bytes of an NPY file: magic number, version, length of the header. */
const longestPreamble = 12
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const

/** NumPy itself refuses longer headers. */
const longestHeader = 10_000

const isObject = (literal: Literal): literal is ReadonlyMap<string, Literal> => literal instanceof Map

const shapeOf = (literal: Literal | undefined): ReadonlyArray<number> | undefined =>
  Array.isArray(literal) && literal.every(size => Number.isSafeInteger(size) && Number(size) >= 0)
    ? literal.map(Number)
    : undefined

const written = (literal: Literal | undefined): string =>
  literal === undefined ? 'nothing' : JSON.stringify(literal)

/** Says what a type is that is not read. */
const aboutType = (descr: Literal | undefined): string =>
  typeof descr !== 'string'
    ? 'it is an array of records; save one array of numbers'
    : /^.?O/.test(descr)
      ? 'its values are Python objects (the type O), which are not read; save an array of numbers'
      : `it has the type ${JSON.stringify(descr)}, but must have one of ${Object.keys(types).join(', ')}`

const fields = (literal: Literal, start: number): E.Either<string, Header> => {
  const dictionary = isObject(literal) ? literal : new Map<string, Literal>()
  const [descr, fortran, shape] = [
    dictionary.get('descr'),
    dictionary.get('fortran_order'),
    shapeOf(dictionary.get('shape')),
  ]
  if (dictionary.size !== 3 || typeof fortran !== 'boolean' || descr === undefined)
    return E.left('its header must have exactly the fields descr, fortran_order and shape')
  if (shape === undefined || shape.length > 32)
    return E.left(
      `its header states the shape ${written(dictionary.get('shape'))}, which is no list of sizes`,
    )
  const [, order = '', kind = ''] =
    (typeof descr === 'string' && /^([<>|=]?)([a-zA-Z?]\d*)$/.exec(descr)) || []
  const type = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (type === undefined) return E.left(aboutType(descr))
  const count = shape.reduce((product, size) => product * size, 1)
  const end = start + count * types[type].bytes
  return Number.isSafeInteger(end)
    ? E.right({ type, bigEndian: order === '>', fortran, shape, count, start, end })
    : E.left(`its header states the shape (${shape.join(', ')}), which is too large`)
}

/** Where the header's text begins and ends; `null` if the head is too short to tell. */
const extent = (
  head: Uint8Array,
): E.Either<string, { readonly from: number; readonly to: number } | null> => {
  if (magic.some((byte, i) => i < head.length && head[i] !== byte)) return E.left('it is no NPY file')
  if (head.length < longestPreamble) return E.right(null)
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const version = head[6]!
  if (version < 1 || version > 3)
    return E.left(`it is an NPY file of version ${version}, of which only 1, 2 and 3 are known`)
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const from = version === 1 ? 10 : 12
  return length > longestHeader
    ? E.left(`its header has ${group(length)} bytes, more than the ${group(longestHeader)} that NumPy reads`)
    : E.right({ from, to: from + length })
}

/** Reads the header of a file from its first bytes, of which there may be more. `null`: they are too few. */
export const headerIn = (head: Uint8Array): E.Either<string, Header | null> =>
  pipe(
    extent(head),
    E.chain(found =>
      found === null || head.length < found.to
        ? E.right(null)
        : pipe(
            Buffer.from(head.buffer, head.byteOffset + found.from, found.to - found.from),
            text => pythonLiteral(text.toString(head[6] === 3 ? 'utf8' : 'latin1')),
            E.mapLeft(problem => `its header is malformed: ${problem}`),
            E.chain(literal => fields(literal, found.to)),
          ),
    ),
  )

/** Reads the header of a whole file. */
export const header = (file: Uint8Array): E.Either<string, Header> =>
  pipe(headerIn(file), E.chain(E.fromNullable('it is truncated')))

/** Values in Fortran order, put in C order. */
const inCOrder = <V extends Values>(values: V, shape: ReadonlyArray<number>): V => {
  const ordered = values.slice() as V
  const indices = shape.map(() => 0)
  // The distance in the file of two values whose k-th index differs by one.
  const strides = shape.map((_, k) => shape.slice(0, k).reduce((product, size) => product * size, 1))
  let from = 0
  for (let to = 0; to < ordered.length; to++) {
    ordered[to] = values[from]!
    for (let k = shape.length - 1; k >= 0; k--) {
      indices[k]! += 1
      from += strides[k]!
      if (indices[k]! < shape[k]!) break
      from -= strides[k]! * shape[k]!
      indices[k] = 0
    }
  }
  return ordered
}

/** The values of a file with this header. The file must have exactly the size that its header states. */
export const values =
  ({ type, bigEndian, fortran, shape, count, start, end }: Header) =>
  (file: Uint8Array): E.Either<string, Values> => {
    if (file.length !== end)
      return E.left(
        `it is ${file.length < end ? 'truncated' : 'too long'}: its shape (${shape.join(', ')}) needs ` +
          `${group(count)} values of ${types[type].bytes} bytes, but it has ${group(file.length - start)} bytes`,
      )
    // A copy of its own: a header of any length is allowed, but typed arrays begin at multiples of their values' size.
    const bytes = new Uint8Array(end - start)
    bytes.set(file.subarray(start))
    const buffer = Buffer.from(bytes.buffer)
    if (bigEndian && types[type].bytes === 2) buffer.swap16()
    if (bigEndian && types[type].bytes === 4) buffer.swap32()
    if (bigEndian && types[type].bytes === 8) buffer.swap64()
    const read = types[type].read(bytes.buffer)
    return E.right(fortran && shape.length > 1 ? inCOrder(read, shape) : read)
  }
