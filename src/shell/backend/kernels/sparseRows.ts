/**
 * Products with a sparse matrix, on WebAssembly of our own (`assembly/sparse.ts`). A dense layer on MNIST's images, of whose
 * pixels a fifth are lit, takes an eighth of the time that tfjs' products take on the wasm backend. It has a memory of
 * its own and knows nothing of tfjs, so that any backend may use it.
 *
 * Sums are in float32, in the order of the entries: the same numbers give the same bytes, on every machine.
 */
import { sparseModule } from './sparseModule.js'

/** A matrix of float32 by its rows, without its zeros. */
export interface SparseRows {
  readonly columns: number
  /** Where each row begins, counted in entries, and where the last one ends. */
  readonly starts: Uint32Array
  /** Two numbers an entry: its column, and its value as the bits of a float32. Others' entries may surround these. */
  readonly entries: Uint32Array
}

export const rowsOf = ({ starts }: SparseRows): number => starts.length - 1

/** A sparse matrix X in the module's memory. What it returns is to be read before the next call to anything here. */
export interface Placed {
  /** X·M, where M is columns × width. */
  readonly times: (matrix: Float32Array) => Float32Array
  /** Xᵀ·M, where M is rows × width. Forgets what `times` has returned. */
  readonly transposedTimes: (matrix: Float32Array) => Float32Array
}

interface Memory {
  readonly buffer: ArrayBuffer
  readonly grow: (pages: number) => number
}
// Node's types leave it out, and those of browsers bring much else.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> }
  readonly Memory: new (...of: never) => Memory
}

type Addresses = ReadonlyArray<number>

interface Module {
  readonly memory: Memory
  readonly multiply: (...of: Addresses) => void
  readonly transpose: (...of: Addresses) => void
}

const start = (): Module => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(sparseModule, 'base64')))
  const { memory, multiply, transpose } = exports
  if (
    !(memory instanceof WebAssembly.Memory) ||
    typeof multiply !== 'function' ||
    typeof transpose !== 'function'
  )
    throw new Error('sparseModule.ts is not what `npm run assembly` writes. Run it.')
  return {
    memory,
    multiply: (...of) => void Reflect.apply(multiply, null, of),
    transpose: (...of) => void Reflect.apply(transpose, null, of),
  }
}

let started: Module | null = null

const pageSize = 65536
/** Less than the module's limit of 2 GB, beyond which addresses would be negative numbers. */
const mostBytes = 2 ** 31 - pageSize
/** Room behind a matrix: {@link Module.multiply} computes in tiles, of which the last may reach beyond the last row. */
const tileSize = 80

/** Addresses for regions of so many bytes, and where the last one ends. */
const laidOut = (sizes: ReadonlyArray<number>): ReadonlyArray<number> => {
  const places = [1024]
  for (const size of sizes) places.push(places.at(-1)! + Math.ceil(size / 16) * 16)
  return places
}

/**
 * Puts the matrices below one another (of equal numbers of columns) into the memory, to be multiplied by matrices with rows of
 * `width` numbers. `null` where that needs more than 2 GB.
 */
export const place = (matrices: ReadonlyArray<SparseRows>, width: number): Placed | null => {
  const columns = matrices[0]?.columns ?? 0
  const rows = matrices.reduce((sum, matrix) => sum + rowsOf(matrix), 0)
  const count = matrices.reduce((sum, { starts }) => sum + starts.at(-1)! - starts[0]!, 0)
  const [starts, entries, columnStarts, columnEntries, byColumn, byRow, end] = laidOut([
    4 * (rows + 1),
    8 * count,
    4 * (columns + 2),
    8 * count,
    4 * columns * width + tileSize,
    4 * rows * width + tileSize,
  ]) as [number, number, number, number, number, number, number]
  if (end > mostBytes) return null
  started ??= start()
  const { memory, multiply, transpose } = started
  const lacking = end - memory.buffer.byteLength
  if (lacking > 0) memory.grow(Math.ceil(lacking / pageSize))
  const { buffer } = memory
  const startsThere = new Uint32Array(buffer, starts, rows + 1)
  const entriesThere = new Uint32Array(buffer, entries, 2 * count)
  let row = 0
  let entry = 0
  for (const matrix of matrices) {
    const [from, to] = [matrix.starts[0]!, matrix.starts.at(-1)!]
    entriesThere.set(matrix.entries.subarray(2 * from, 2 * to), 2 * entry)
    for (let i = 0; i < rowsOf(matrix); i++) startsThere[row++] = entry + matrix.starts[i]! - from
    entry += to - from
  }
  startsThere[rows] = count
  const columnSide = new Float32Array(buffer, byColumn, columns * width)
  const rowSide = new Float32Array(buffer, byRow, rows * width)
  return {
    times: matrix => {
      columnSide.set(matrix)
      multiply(rows, starts, entries, byColumn, width, byRow)
      return rowSide
    },
    transposedTimes: matrix => {
      rowSide.set(matrix)
      transpose(rows, columns, starts, entries, columnStarts, columnEntries)
      multiply(columns, columnStarts, columnEntries, byRow, width, byColumn)
      return columnSide
    },
  }
}
