/** Rows of float32 in a module's memory, padded to whole vectors of four; and flat outside of it. */
import type { Instance } from './assemblyMemory.js'

export interface PaddedRows {
  readonly rows: number
  readonly columns: number
  /** Bytes from one row to the next. */
  readonly stride: number
}

/** Bytes of a padded row. */
export const strideOf = (columns: number): number => 16 * Math.ceil(columns / 4)

/** Where rows lie: how many numbers after the first of one the next begins. */
interface Laid<Numbers> {
  readonly numbers: Numbers
  readonly first: number
  readonly step: number
}

/** A loop over the numbers of short rows takes a tenth of the time that a view of each takes. */
const copyRows = (
  { rows, columns }: Pick<PaddedRows, 'rows' | 'columns'>,
  from: Laid<Float32Array | Float64Array>,
  into: Laid<Float32Array>,
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

const laid = (memory: Instance, { stride }: PaddedRows, address: number): Laid<Float32Array> => ({
  numbers: memory.floats(),
  first: address / 4,
  step: stride / 4,
})

/** Writes rows that are flat, from the place `from` on, to an address. */
export const spread = (
  memory: Instance,
  rows: PaddedRows,
  address: number,
  flat: Float32Array | Float64Array,
  from: number,
): void => copyRows(rows, { numbers: flat, first: from, step: rows.columns }, laid(memory, rows, address))

/** Writes rows at an address, flat, from the place `from` on. */
export const gather = (
  memory: Instance,
  rows: PaddedRows,
  address: number,
  flat: Float32Array,
  from: number,
): void => copyRows(rows, laid(memory, rows, address), { numbers: flat, first: from, step: rows.columns })
