/**
 * The passes of L-BFGS over vectors of float32, in AssemblyScript: this file is compiled to WebAssembly by `npm run assembly`,
 * and not by TypeScript. `directions.ts` owns the memory; addresses are in bytes.
 *
 * Vectors are padded by zeros to {@link step} bytes. Products are summed in float32 over {@link block} bytes, by sixteen sums,
 * and the blocks' sums in float64.
 */

/** Bytes that a turn of a loop takes: four vectors, whose sums do not wait for one another. */
const step: usize = 64
const block: usize = 2048

function sumOf(a: v128, b: v128, c: v128, d: v128): f64 {
  const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d))
  return (
    <f64>f32x4.extract_lane(sum, 0) +
    <f64>f32x4.extract_lane(sum, 1) +
    (<f64>f32x4.extract_lane(sum, 2) + <f64>f32x4.extract_lane(sum, 3))
  )
}

/** Σ a_i·b_i. */
export function dot(a: usize, b: usize, bytes: usize): f64 {
  let total: f64 = 0
  for (let from: usize = 0; from < bytes; from += block) {
    const to = min(from + block, bytes)
    let p = f32x4.splat(0)
    let q = f32x4.splat(0)
    let r = f32x4.splat(0)
    let s = f32x4.splat(0)
    for (let at = from; at < to; at += step) {
      p = f32x4.add(p, f32x4.mul(v128.load(a + at), v128.load(b + at)))
      q = f32x4.add(q, f32x4.mul(v128.load(a + at, 16), v128.load(b + at, 16)))
      r = f32x4.add(r, f32x4.mul(v128.load(a + at, 32), v128.load(b + at, 32)))
      s = f32x4.add(s, f32x4.mul(v128.load(a + at, 48), v128.load(b + at, 48)))
    }
    total += sumOf(p, q, r, s)
  }
  return total
}

/** a ← a + c·b, and Σ a_i·x_i of what it has become, in one pass. */
export function addThenDot(a: usize, c: f32, b: usize, x: usize, bytes: usize): f64 {
  const factor = f32x4.splat(c)
  let total: f64 = 0
  for (let from: usize = 0; from < bytes; from += block) {
    const to = min(from + block, bytes)
    let p = f32x4.splat(0)
    let q = f32x4.splat(0)
    let r = f32x4.splat(0)
    let s = f32x4.splat(0)
    for (let at = from; at < to; at += step) {
      let sum = f32x4.add(v128.load(a + at), f32x4.mul(factor, v128.load(b + at)))
      v128.store(a + at, sum)
      p = f32x4.add(p, f32x4.mul(sum, v128.load(x + at)))
      sum = f32x4.add(v128.load(a + at, 16), f32x4.mul(factor, v128.load(b + at, 16)))
      v128.store(a + at, sum, 16)
      q = f32x4.add(q, f32x4.mul(sum, v128.load(x + at, 16)))
      sum = f32x4.add(v128.load(a + at, 32), f32x4.mul(factor, v128.load(b + at, 32)))
      v128.store(a + at, sum, 32)
      r = f32x4.add(r, f32x4.mul(sum, v128.load(x + at, 32)))
      sum = f32x4.add(v128.load(a + at, 48), f32x4.mul(factor, v128.load(b + at, 48)))
      v128.store(a + at, sum, 48)
      s = f32x4.add(s, f32x4.mul(sum, v128.load(x + at, 48)))
    }
    total += sumOf(p, q, r, s)
  }
  return total
}

/** a ← c·a. */
export function scale(a: usize, c: f32, bytes: usize): void {
  const factor = f32x4.splat(c)
  for (let at: usize = 0; at < bytes; at += 16) v128.store(a + at, f32x4.mul(factor, v128.load(a + at)))
}
