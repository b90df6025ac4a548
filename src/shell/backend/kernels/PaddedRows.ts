/** Copies rows of float32 between a module's memory, where each row is padded to whole vectors of four, and flat arrays. */
import type { Instance } from './assemblyMemory.js'

export interface PaddedRows {
  readonly rows: number
  readonly columns: number
  /** The number of bytes from one row to the next. */
  readonly stride: number
}

/** The number of bytes of a padded row. */
export const strideOf = (columns: number): number => 16 * Math.ceil(columns / 4)

/** The layout of rows in an array: the index of the first number, and the distance between rows, in numbers. */
interface RowLayout<Numbers> {
  readonly numbers: Numbers
  readonly first: number
  readonly step: number
}

/** Copies rows. For short rows, a loop over the numbers takes a tenth of the time of a view of each row. */
const copyRows = (
  { rows, columns }: Pick<PaddedRows, 'rows' | 'columns'>,
  from: RowLayout<Float32Array | Float64Array>,
  into: RowLayout<Float32Array>,
): void => {
  if (from.step === columns && into.step === columns) {
    into.numbers.set(from.numbers.subarray(from.first, from.first + rows * columns), into.first)
    return
  }
  const [source, target] = [from.numbers, into.numbers]
  for (let row = 0; row < rows; row++) {
    const [here, there] = [from.first + row * from.step, into.first + row * into.step]
    for (let column = 0; column < columns; column++) target[there + column] = source[here + column]!
  }
}

const padded = (memory: Instance, { stride }: PaddedRows, address: number): RowLayout<Float32Array> => ({
  numbers: memory.floats(),
  first: address / 4,
  step: stride / 4,
})

/** Copies flat rows, which begin at the index `from`, to padded rows at an address. */
export const spread = (
  memory: Instance,
  rows: PaddedRows,
  address: number,
  flat: Float32Array | Float64Array,
  from: number,
): void => copyRows(rows, { numbers: flat, first: from, step: rows.columns }, padded(memory, rows, address))

/** Copies padded rows at an address to flat rows, which begin at the index `from`. */
export const gather = (
  memory: Instance,
  rows: PaddedRows,
  address: number,
  flat: Float32Array,
  from: number,
): void => copyRows(rows, padded(memory, rows, address), { numbers: flat, first: from, step: rows.columns })
