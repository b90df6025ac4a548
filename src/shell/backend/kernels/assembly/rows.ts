/**
 * The layout of input rows in the memory, and their transposes, in AssemblyScript; a part of `dense.ts`.
 *
 * Rows form a list. It has one address for a dense row, and two for a sparse row: the start and the end of its entries. An
 * entry is a column (u32) and a value (f32).
 */

/** The number of bytes of an entry. */
export const entrySize: usize = 8

/** Writes an entry, unless its value is zero; returns the address after it. */
function entryOf(column: i32, value: f32, at: usize): usize {
  if (value === 0) return at
  store<u32>(at, column)
  store<f32>(at, value, 4)
  return at + entrySize
}

/** Writes the nonzero numbers of a dense row to `out`, as the entries of a sparse row. Returns the address after them. */
export function sparse(row: usize, columns: i32, out: usize): usize {
  const zero = f32x4.splat(0)
  let at = out
  let column = 0
  for (; column + 4 <= columns; column += 4) {
    const place = row + ((<usize>column) << 2)
    if (!v128.any_true(f32x4.ne(v128.load(place), zero))) continue
    at = entryOf(column, load<f32>(place), at)
    at = entryOf(column + 1, load<f32>(place, 4), at)
    at = entryOf(column + 2, load<f32>(place, 8), at)
    at = entryOf(column + 3, load<f32>(place, 12), at)
  }
  for (; column < columns; column++) at = entryOf(column, load<f32>(row + ((<usize>column) << 2)), at)
  return at
}

/**
 * Computes Sᵀ by a counting sort: `columns` + 2 starts (in entries; the last one is unused), and the entries. The entries of
 * each row of Sᵀ are in the order of the rows of S.
 */
export function transposeSparse(
  rows: i32,
  list: usize,
  columns: i32,
  toStarts: usize,
  toEntries: usize,
): void {
  memory.fill(toStarts, 0, (<usize>columns + 2) << 2)
  const end = list + ((<usize>rows) << 3)
  // First count the entries of column c, at c + 2. Then turn the counts into starts, that of c at c + 1; writing the entries
  // moves it to the end of c, which is the start of c + 1.
  for (let row = list; row < end; row += 8) {
    const to = <usize>load<u32>(row, 4)
    for (let entry = <usize>load<u32>(row); entry < to; entry += entrySize) {
      const place = toStarts + ((<usize>load<u32>(entry)) << 2)
      store<u32>(place, load<u32>(place, 8) + 1, 8)
    }
  }
  for (let c = 2; c <= columns; c++) {
    const place = toStarts + ((<usize>c) << 2)
    store<u32>(place, load<u32>(place) + load<u32>(place - 4))
  }
  for (let row = 0; row < rows; row++) {
    const at = list + ((<usize>row) << 3)
    const to = <usize>load<u32>(at, 4)
    for (let entry = <usize>load<u32>(at); entry < to; entry += entrySize) {
      const place = toStarts + ((<usize>load<u32>(entry)) << 2)
      const next = load<u32>(place, 4)
      store<u32>(place, next + 1, 4)
      const target = toEntries + <usize>next * entrySize
      store<u32>(target, row)
      store<f32>(target, load<f32>(entry, 4), 4)
    }
  }
}

/** Computes Mᵀ: `columns` padded rows of `rows` numbers. */
export function transposeDense(
  rows: i32,
  columns: i32,
  matrix: usize,
  stride: usize,
  out: usize,
  outStride: usize,
): void {
  memory.fill(out, 0, <usize>columns * outStride)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      store<f32>(
        out + <usize>column * outStride + ((<usize>row) << 2),
        load<f32>(matrix + <usize>row * stride + ((<usize>column) << 2)),
      )
}
