/**
 * Products of sparse rows with a matrix, in AssemblyScript: this file is compiled to WebAssembly by `npm run assembly`, and
 * not by TypeScript. `sparseRows.ts` owns the memory and says what lies where; addresses are in bytes.
 *
 * A row is a run of entries, each a column (u32) and a value (f32); entries starts[r] to starts[r + 1] − 1 are row r.
 */

/** Bytes of an entry. */
const entrySize: usize = 8
/** Bytes of the tile of a row that is summed in registers: five vectors of four float32. More spill out of them. */
const tileSize: usize = 80

function entryAt(starts: usize, entries: usize, row: i32): usize {
  return entries + <usize>load<u32>(starts + ((<usize>row) << 2)) * entrySize
}

/** A tile of one row of the product. `matrix` and `out` point to where the tile begins. */
function multiplyTile(from: usize, to: usize, matrix: usize, stride: usize, out: usize): void {
  let a = f32x4.splat(0)
  let b = f32x4.splat(0)
  let c = f32x4.splat(0)
  let d = f32x4.splat(0)
  let e = f32x4.splat(0)
  for (let entry = from; entry < to; entry += entrySize) {
    const row = matrix + <usize>load<u32>(entry) * stride
    const value = v128.load_splat<f32>(entry, 4)
    a = f32x4.add(a, f32x4.mul(value, v128.load(row)))
    b = f32x4.add(b, f32x4.mul(value, v128.load(row, 16)))
    c = f32x4.add(c, f32x4.mul(value, v128.load(row, 32)))
    d = f32x4.add(d, f32x4.mul(value, v128.load(row, 48)))
    e = f32x4.add(e, f32x4.mul(value, v128.load(row, 64)))
  }
  v128.store(out, a)
  v128.store(out, b, 16)
  v128.store(out, c, 32)
  v128.store(out, d, 48)
  v128.store(out, e, 64)
}

/**
 * out = S·M, S of `rows` rows, M with rows of `width` float32.
 *
 * A last tile may reach beyond its row, in M and in `out`. What it writes there is of no worth, and the rows that follow
 * are written later; behind the last row of either there must be room for a tile.
 */
export function multiply(
  rows: i32,
  starts: usize,
  entries: usize,
  matrix: usize,
  width: i32,
  out: usize,
): void {
  const stride = (<usize>width) << 2
  for (let row = 0, at = out; row < rows; row++, at += stride) {
    const from = entryAt(starts, entries, row)
    const to = entryAt(starts, entries, row + 1)
    for (let tile: usize = 0; tile < stride; tile += tileSize)
      multiplyTile(from, to, matrix + tile, stride, at + tile)
  }
}

/**
 * Sᵀ by counting: its starts (`columns` + 2 of them, the last of no worth) and entries, each of its rows in the order of the
 * rows of S.
 */
export function transpose(
  rows: i32,
  columns: i32,
  starts: usize,
  entries: usize,
  toStarts: usize,
  toEntries: usize,
): void {
  memory.fill(toStarts, 0, (<usize>columns + 2) << 2)
  const end = entryAt(starts, entries, rows)
  // How many there are in column c, at c + 2; then where c begins, at c + 1, which moves on to where it ends.
  for (let entry = entries; entry < end; entry += entrySize) {
    const place = toStarts + ((<usize>load<u32>(entry)) << 2)
    store<u32>(place, load<u32>(place, 8) + 1, 8)
  }
  for (let c = 2; c <= columns; c++) {
    const place = toStarts + ((<usize>c) << 2)
    store<u32>(place, load<u32>(place) + load<u32>(place - 4))
  }
  for (let row = 0; row < rows; row++) {
    const to = entryAt(starts, entries, row + 1)
    for (let entry = entryAt(starts, entries, row); entry < to; entry += entrySize) {
      const place = toStarts + ((<usize>load<u32>(entry)) << 2)
      const next = load<u32>(place, 4)
      store<u32>(place, next + 1, 4)
      const target = toEntries + <usize>next * entrySize
      store<u32>(target, row)
      store<f32>(target, load<f32>(entry, 4), 4)
    }
  }
}
