/**
 * How rows of inputs lie in the memory, and their transposes, in AssemblyScript; a part of `dense.ts`.
 *
 * Rows come as a list. A dense row is an address. A sparse row is two, where its entries begin and where they end; an entry is a
 * column (u32) and a value (f32).
 */

/** Bytes of an entry. */
export const entrySize: usize = 8

/** Writes an entry, unless its value is zero; returns the place behind it. */
function entryOf(column: i32, value: f32, at: usize): usize {
  if (value === 0) return at
  store<u32>(at, column)
  store<f32>(at, value, 4)
  return at + entrySize
}

/** Writes what of a dense row is not zero to `out`, as the entries of a sparse one. Returns where they end. */
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
 * Sᵀ by counting: its starts (`columns` + 2 of them, the last of no worth; in entries) and entries, each of its rows in the
 * order of the rows of S.
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
  // How many there are in column c, at c + 2; then where c begins, at c + 1, which moves on to where it ends.
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

/** Mᵀ: `columns` rows of `rows` numbers, padded. */
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
