/**
 * The operations that train networks of convolutions and dense layers, in AssemblyScript. `npm run assembly` compiles this
 * file, with those of `dense.ts`, to WebAssembly. `../conv/convNetwork.ts` owns the memory and its layout; addresses, strides and
 * steps are in bytes.
 *
 * An image is height × width × channels, without gaps between pixels; it may have a border of zeros, so rows have a step. The
 * patch of an output pixel is the part of the image that the filters see there: `rows` rows of `run` bytes. Filters are a
 * matrix with one row per number of a patch and one column per filter; its rows are padded with zeros to whole vectors, as
 * in `dense.ts`. Sums are in float32, in an order that is fixed, so equal numbers give equal bytes on every machine.
 */
import { step, stepping, vectorSize } from './steps'

export * from './dense'
export { chooseLargest, clipTo, spreadChosen } from './pool'
export { filterGradient, inputGradient } from './convGradient'

// The number of vectors of a tile, as a type: the code for wider tiles is left out.
type One = u8
type Two = u16

/** The bytes of tiles of four and of two vectors. */
const wide: usize = 64
const middle: usize = 32

/** Two pixels × four vectors of filters: the sums that fit in registers. `p`, `q`: their patches. */
function twoPixels(
  p: usize,
  q: usize,
  rowStep: usize,
  rows: i32,
  run: usize,
  weights: usize,
  stride: usize,
  bias: usize,
  outP: usize,
  outQ: usize,
): void {
  let a = v128.load(bias)
  let b = v128.load(bias, 16)
  let c = v128.load(bias, 32)
  let d = v128.load(bias, 48)
  let e = a
  let f = b
  let g = c
  let h = d
  let row = weights
  for (let i = 0; i < rows; i++, p += rowStep, q += rowStep)
    for (let k: usize = 0; k < run; k += 4, row += stride) {
      const x = v128.load_splat<f32>(p + k)
      const y = v128.load_splat<f32>(q + k)
      let m = v128.load(row)
      a = f32x4.add(a, f32x4.mul(x, m))
      e = f32x4.add(e, f32x4.mul(y, m))
      m = v128.load(row, 16)
      b = f32x4.add(b, f32x4.mul(x, m))
      f = f32x4.add(f, f32x4.mul(y, m))
      m = v128.load(row, 32)
      c = f32x4.add(c, f32x4.mul(x, m))
      g = f32x4.add(g, f32x4.mul(y, m))
      m = v128.load(row, 48)
      d = f32x4.add(d, f32x4.mul(x, m))
      h = f32x4.add(h, f32x4.mul(y, m))
    }
  v128.store(outP, a)
  v128.store(outP, b, 16)
  v128.store(outP, c, 32)
  v128.store(outP, d, 48)
  v128.store(outQ, e)
  v128.store(outQ, f, 16)
  v128.store(outQ, g, 32)
  v128.store(outQ, h, 48)
}

/** Four pixels × one or two vectors of filters. */
function fourPixels<Tile>(
  p: usize,
  q: usize,
  r: usize,
  s: usize,
  rowStep: usize,
  rows: i32,
  run: usize,
  weights: usize,
  stride: usize,
  bias: usize,
  outP: usize,
  outQ: usize,
  outR: usize,
  outS: usize,
): void {
  let a = v128.load(bias)
  let b = f32x4.splat(0)
  if (sizeof<Tile>() >= sizeof<Two>()) b = v128.load(bias, 16)
  let c = a
  let d = b
  let e = a
  let f = b
  let g = a
  let h = b
  let row = weights
  for (let i = 0; i < rows; i++, p += rowStep, q += rowStep, r += rowStep, s += rowStep)
    for (let k: usize = 0; k < run; k += 4, row += stride) {
      const m = v128.load(row)
      let n = f32x4.splat(0)
      if (sizeof<Tile>() >= sizeof<Two>()) n = v128.load(row, 16)
      let x = v128.load_splat<f32>(p + k)
      a = f32x4.add(a, f32x4.mul(x, m))
      if (sizeof<Tile>() >= sizeof<Two>()) b = f32x4.add(b, f32x4.mul(x, n))
      x = v128.load_splat<f32>(q + k)
      c = f32x4.add(c, f32x4.mul(x, m))
      if (sizeof<Tile>() >= sizeof<Two>()) d = f32x4.add(d, f32x4.mul(x, n))
      x = v128.load_splat<f32>(r + k)
      e = f32x4.add(e, f32x4.mul(x, m))
      if (sizeof<Tile>() >= sizeof<Two>()) f = f32x4.add(f, f32x4.mul(x, n))
      x = v128.load_splat<f32>(s + k)
      g = f32x4.add(g, f32x4.mul(x, m))
      if (sizeof<Tile>() >= sizeof<Two>()) h = f32x4.add(h, f32x4.mul(x, n))
    }
  v128.store(outP, a)
  v128.store(outQ, c)
  v128.store(outR, e)
  v128.store(outS, g)
  if (sizeof<Tile>() >= sizeof<Two>()) {
    v128.store(outP, b, 16)
    v128.store(outQ, d, 16)
    v128.store(outR, f, 16)
    v128.store(outS, h, 16)
  }
}

/** The patch of an output pixel. `patches`: the list of their distances from the start of the image. */
function patchOf(image: usize, patches: usize, pixel: i32): usize {
  return image + <usize>load<u32>(patches + ((<usize>pixel) << 2))
}

/**
 * out = b + patch·filters, for each of `pixels` output pixels: a row of `stride` bytes. Where the pixels of the last tile are
 * too few, the last pixel is computed more than once.
 */
export function convolve(
  pixels: i32,
  patches: usize,
  image: usize,
  rowStep: usize,
  rows: i32,
  run: usize,
  weights: usize,
  stride: usize,
  bias: usize,
  out: usize,
): void {
  const last = pixels - 1
  let tile: usize = 0
  for (; tile + wide <= stride; tile += wide)
    for (let pixel = 0; pixel < pixels; pixel += 2) {
      const next = min(pixel + 1, last)
      const p = patchOf(image, patches, pixel)
      const q = patchOf(image, patches, next)
      const at = out + tile
      const outP = at + <usize>pixel * stride
      const outQ = at + <usize>next * stride
      twoPixels(p, q, rowStep, rows, run, weights + tile, stride, bias + tile, outP, outQ)
    }
  while (tile < stride) {
    const two = tile + middle <= stride
    const w = weights + tile
    const b = bias + tile
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      const second = min(pixel + 1, last)
      const third = min(pixel + 2, last)
      const fourth = min(pixel + 3, last)
      const p = patchOf(image, patches, pixel)
      const q = patchOf(image, patches, second)
      const r = patchOf(image, patches, third)
      const s = patchOf(image, patches, fourth)
      const at = out + tile
      const outP = at + <usize>pixel * stride
      const outQ = at + <usize>second * stride
      const outR = at + <usize>third * stride
      const outS = at + <usize>fourth * stride
      if (two) fourPixels<Two>(p, q, r, s, rowStep, rows, run, w, stride, b, outP, outQ, outR, outS)
      else fourPixels<One>(p, q, r, s, rowStep, rows, run, w, stride, b, outP, outQ, outR, outS)
    }
    tile += two ? middle : vectorSize
  }
}

/** Copies an image row by row, for example into one with a border. */
export function copyRows(
  rows: i32,
  bytes: usize,
  from: usize,
  fromStep: usize,
  to: usize,
  toStep: usize,
): void {
  for (let row = 0; row < rows; row++)
    memory.copy(to + <usize>row * toStep, from + <usize>row * fromStep, bytes)
}

/**
 * Writes the filters one by one: filter c has `rows` rows of `run` bytes, padded with zeros to whole vectors. These are
 * matrices of `convGradient.ts`. `filters`: their number; `columns`: the numbers of a row.
 */
export function filtersApart(
  filters: i32,
  rows: i32,
  columns: i32,
  weights: usize,
  stride: usize,
  out: usize,
  outStep: usize,
): void {
  for (let c = 0; c < filters; c++)
    for (let i = 0; i < rows; i++, out += outStep)
      for (let j = 0; j < columns; j++) {
        const row = weights + <usize>(i * columns + j) * stride
        store<f32>(out + ((<usize>j) << 2), load<f32>(row + ((<usize>c) << 2)))
      }
}

/** The inverse of {@link filtersApart}: from filters one by one to a matrix. It does not read what they are padded with. */
export function filtersTogether(
  filters: i32,
  rows: i32,
  columns: i32,
  from: usize,
  fromStep: usize,
  out: usize,
  stride: usize,
): void {
  for (let c = 0; c < filters; c++)
    for (let i = 0; i < rows; i++, from += fromStep)
      for (let j = 0; j < columns; j++) {
        const row = out + <usize>(i * columns + j) * stride
        store<f32>(row + ((<usize>c) << 2), load<f32>(from + ((<usize>j) << 2)))
      }
}

/** Steps the rows of a matrix of weights with their gradients, unless gradients are kept. */
export function stepRows(rows: i32, weights: usize, gradient: usize, stride: usize): void {
  if (!stepping) return
  for (let row: usize = 0; row < <usize>rows * stride; row += stride)
    step(gradient + row, weights + row, stride)
}
