/**
 * The operations that train dense networks, in AssemblyScript. `npm run assembly` compiles this file to WebAssembly;
 * TypeScript does not compile it. `../DenseNetwork.ts` owns the memory and its layout; addresses and strides are in bytes.
 *
 * Notation: x inputs, W weights (one row per input), b biases, dy the gradient by x·W + b. Rows of everything except x are
 * padded with zeros to whole vectors of four float32, and all functions here keep the padding zero. Products are summed in
 * registers, in tiles of five, three or one vector of a row (more would spill), in float32, in the order of the rows. So
 * equal numbers give equal bytes on every machine.
 *
 * x is a list of rows (`rows.ts`).
 */
import { entrySize } from './rows'
import { step, stepping, vectorSize } from './steps'

export { sparse, transposeDense, transposeSparse } from './rows'
export { keepGradients, takePenalty, takeSteps } from './steps'

/** The bytes of tiles of five and of three vectors. */
const wide: usize = 80
const middle: usize = 48

// Types state the number of vectors of a tile and the layout of x. A generic function is compiled once for each type, without
// the code for wider tiles.
type One = u8
type Three = u16
type Five = u32
type Evenly = u8
type Listed = u16

/** out = start + Σ value·(row `column` of M) over a sparse row's entries. `matrix`, `start` and `out` point to the tile. */
function sparseTile<Tile>(
  from: usize,
  to: usize,
  matrix: usize,
  stride: usize,
  start: usize,
  out: usize,
): void {
  let a = v128.load(start)
  let b = f32x4.splat(0)
  let c = f32x4.splat(0)
  let d = f32x4.splat(0)
  let e = f32x4.splat(0)
  if (sizeof<Tile>() >= sizeof<Three>()) {
    b = v128.load(start, 16)
    c = v128.load(start, 32)
  }
  if (sizeof<Tile>() >= sizeof<Five>()) {
    d = v128.load(start, 48)
    e = v128.load(start, 64)
  }
  for (let entry = from; entry < to; entry += entrySize) {
    const row = matrix + <usize>load<u32>(entry) * stride
    const value = v128.load_splat<f32>(entry, 4)
    a = f32x4.add(a, f32x4.mul(value, v128.load(row)))
    if (sizeof<Tile>() >= sizeof<Three>()) {
      b = f32x4.add(b, f32x4.mul(value, v128.load(row, 16)))
      c = f32x4.add(c, f32x4.mul(value, v128.load(row, 32)))
    }
    if (sizeof<Tile>() >= sizeof<Five>()) {
      d = f32x4.add(d, f32x4.mul(value, v128.load(row, 48)))
      e = f32x4.add(e, f32x4.mul(value, v128.load(row, 64)))
    }
  }
  v128.store(out, a)
  if (sizeof<Tile>() >= sizeof<Three>()) {
    v128.store(out, b, 16)
    v128.store(out, c, 32)
  }
  if (sizeof<Tile>() >= sizeof<Five>()) {
    v128.store(out, d, 48)
    v128.store(out, e, 64)
  }
}

/** {@link sparseTile} for a whole row. */
function sparseRow(from: usize, to: usize, matrix: usize, stride: usize, start: usize, out: usize): void {
  let tile: usize = 0
  for (; tile + wide <= stride; tile += wide)
    sparseTile<Five>(from, to, matrix + tile, stride, start + tile, out + tile)
  for (; tile + middle <= stride; tile += middle)
    sparseTile<Three>(from, to, matrix + tile, stride, start + tile, out + tile)
  for (; tile < stride; tile += vectorSize)
    sparseTile<One>(from, to, matrix + tile, stride, start + tile, out + tile)
}

/**
 * Computes two rows of out = start + Σ_k x_k·(row k of M), k < count, which share the loads of M. The k-th x is at
 * p + k·step and q + k·step. With `Listed`, it is p and q bytes after the k-th address of the list at `step`.
 */
function denseTile<Tile, Lies>(
  count: i32,
  p: usize,
  q: usize,
  step: usize,
  matrix: usize,
  stride: usize,
  start: usize,
  outP: usize,
  outQ: usize,
): void {
  let a = v128.load(start)
  let b = f32x4.splat(0)
  let c = f32x4.splat(0)
  let d = f32x4.splat(0)
  let e = f32x4.splat(0)
  if (sizeof<Tile>() >= sizeof<Three>()) {
    b = v128.load(start, 16)
    c = v128.load(start, 32)
  }
  if (sizeof<Tile>() >= sizeof<Five>()) {
    d = v128.load(start, 48)
    e = v128.load(start, 64)
  }
  let f = a
  let g = b
  let h = c
  let i = d
  let j = e
  let row = matrix
  for (let k = 0; k < count; k++, row += stride) {
    const from =
      sizeof<Lies>() === sizeof<Listed>() ? <usize>load<u32>(step + ((<usize>k) << 2)) : <usize>k * step
    const x = v128.load_splat<f32>(p + from)
    const y = v128.load_splat<f32>(q + from)
    let m = v128.load(row)
    a = f32x4.add(a, f32x4.mul(x, m))
    f = f32x4.add(f, f32x4.mul(y, m))
    if (sizeof<Tile>() >= sizeof<Three>()) {
      m = v128.load(row, 16)
      b = f32x4.add(b, f32x4.mul(x, m))
      g = f32x4.add(g, f32x4.mul(y, m))
      m = v128.load(row, 32)
      c = f32x4.add(c, f32x4.mul(x, m))
      h = f32x4.add(h, f32x4.mul(y, m))
    }
    if (sizeof<Tile>() >= sizeof<Five>()) {
      m = v128.load(row, 48)
      d = f32x4.add(d, f32x4.mul(x, m))
      i = f32x4.add(i, f32x4.mul(y, m))
      m = v128.load(row, 64)
      e = f32x4.add(e, f32x4.mul(x, m))
      j = f32x4.add(j, f32x4.mul(y, m))
    }
  }
  v128.store(outP, a)
  v128.store(outQ, f)
  if (sizeof<Tile>() >= sizeof<Three>()) {
    v128.store(outP, b, 16)
    v128.store(outP, c, 32)
    v128.store(outQ, g, 16)
    v128.store(outQ, h, 32)
  }
  if (sizeof<Tile>() >= sizeof<Five>()) {
    v128.store(outP, d, 48)
    v128.store(outP, e, 64)
    v128.store(outQ, i, 48)
    v128.store(outQ, j, 64)
  }
}

/** out = max(0, out); NaN stays NaN. */
function clip(out: usize, bytes: usize): void {
  const zero = f32x4.splat(0)
  for (let at = out; at < out + bytes; at += vectorSize) v128.store(at, f32x4.pmax(v128.load(at), zero))
}

/** out = b + x·W for sparse rows x, or max(0, b + x·W) with `relu`. */
export function sparseSums(
  rows: i32,
  list: usize,
  weights: usize,
  bias: usize,
  stride: usize,
  relu: bool,
  out: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const at = out + <usize>row * stride
    const entry = list + ((<usize>row) << 3)
    sparseRow(<usize>load<u32>(entry), <usize>load<u32>(entry, 4), weights, stride, bias, at)
    if (relu) clip(at, stride)
  }
}

/** The same for dense rows x of `inputs` numbers. */
export function denseSums(
  rows: i32,
  list: usize,
  inputs: i32,
  weights: usize,
  bias: usize,
  stride: usize,
  relu: bool,
  out: usize,
): void {
  for (let row = 0; row < rows; row += 2) {
    // The last row of an odd number is computed twice.
    const next = min(row + 1, rows - 1)
    const p = <usize>load<u32>(list + ((<usize>row) << 2))
    const q = <usize>load<u32>(list + ((<usize>next) << 2))
    const outP = out + <usize>row * stride
    const outQ = out + <usize>next * stride
    let tile: usize = 0
    for (; tile + wide <= stride; tile += wide)
      denseTile<Five, Evenly>(inputs, p, q, 4, weights + tile, stride, bias + tile, outP + tile, outQ + tile)
    for (; tile + middle <= stride; tile += middle)
      denseTile<Three, Evenly>(inputs, p, q, 4, weights + tile, stride, bias + tile, outP + tile, outQ + tile)
    for (; tile < stride; tile += vectorSize)
      denseTile<One, Evenly>(inputs, p, q, 4, weights + tile, stride, bias + tile, outP + tile, outQ + tile)
    if (relu) {
      clip(outP, stride)
      clip(outQ, stride)
    }
  }
}

// ---- gradients -----------------------------------------------------------------------------------------------

/** dW = xᵀ·dy, for sparse x, given by its transpose; `zeros` is a row of zeros. */
export function sparseGradient(
  columns: i32,
  starts: usize,
  entries: usize,
  dy: usize,
  stride: usize,
  zeros: usize,
  weights: usize,
  gradient: usize,
): void {
  let out = gradient
  for (let column = 0; column < columns; column++) {
    const at = starts + ((<usize>column) << 2)
    const from = entries + <usize>load<u32>(at) * entrySize
    const to = entries + <usize>load<u32>(at, 4) * entrySize
    if (stepping && from === to) step(zeros, weights + <usize>column * stride, stride)
    else {
      sparseRow(from, to, dy, stride, zeros, out)
      if (stepping) step(out, weights + <usize>column * stride, stride)
    }
    if (!stepping) out += stride
  }
}

/** dW = xᵀ·dy, for dense rows x of `inputs` numbers. */
export function denseGradient(
  rows: i32,
  list: usize,
  inputs: i32,
  dy: usize,
  stride: usize,
  zeros: usize,
  weights: usize,
  gradient: usize,
): void {
  let out = gradient
  for (let input = 0; input < inputs; input += 2) {
    const last = input + 1 === inputs
    const p = (<usize>input) << 2
    const q = last ? p : p + 4
    const outQ = last ? out : out + stride
    let tile: usize = 0
    for (; tile + wide <= stride; tile += wide)
      denseTile<Five, Listed>(rows, p, q, list, dy + tile, stride, zeros + tile, out + tile, outQ + tile)
    for (; tile + middle <= stride; tile += middle)
      denseTile<Three, Listed>(rows, p, q, list, dy + tile, stride, zeros + tile, out + tile, outQ + tile)
    for (; tile < stride; tile += vectorSize)
      denseTile<One, Listed>(rows, p, q, list, dy + tile, stride, zeros + tile, out + tile, outQ + tile)
    if (stepping) {
      step(out, weights + <usize>input * stride, stride)
      if (!last) step(outQ, weights + <usize>(input + 1) * stride, stride)
    } else out += 2 * stride
  }
}

/** db = Σ dy. */
export function biasGradient(rows: i32, dy: usize, stride: usize, bias: usize, gradient: usize): void {
  for (let tile: usize = 0; tile < stride; tile += vectorSize) {
    let sum = f32x4.splat(0)
    let at = dy + tile
    for (let row = 0; row < rows; row++, at += stride) sum = f32x4.add(sum, v128.load(at))
    v128.store(gradient + tile, sum)
  }
  if (stepping) step(gradient, bias, stride)
}

/** dy ← dy where y, the ReLU's output, is positive; otherwise 0. */
export function throughRelu(dy: usize, y: usize, bytes: usize): void {
  const zero = f32x4.splat(0)
  for (let at: usize = 0; at < bytes; at += vectorSize)
    v128.store(dy + at, v128.and(v128.load(dy + at), f32x4.gt(v128.load(y + at), zero)))
}
