/**
 * The vector operations of L-BFGS, in AssemblyScript. `npm run assembly` compiles this file to WebAssembly; TypeScript does
 * not compile it. `../lbfgs.ts` owns the memory; addresses are in bytes.
 *
 * Vectors are padded with zeros to multiples of {@link step} bytes of float32; wide vectors (float64) to as many numbers.
 * Dot products of float32 vectors are summed in float32 over {@link block} bytes, in sixteen partial sums; the sums of the
 * blocks are added in float64. All operations with a wide vector are computed in float64.
 */

/** The bytes per iteration of a loop: four SIMD vectors, whose sums are independent. */
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

/** a ← a + c·b; returns Σ a_i·x_i with the new a, in one pass. */
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

// ---- with wide vectors --------------------------------------------------------------------------------------------

/** Loads two float32 as float64. */
function two(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at))
}

/** Rounds four float64 to float32. */
function four(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5)
}

/** p + q + (r + s). */
function inAll(pq: v128, rs: v128, p: f64): f64 {
  return p + f64x2.extract_lane(pq, 1) + (f64x2.extract_lane(rs, 0) + f64x2.extract_lane(rs, 1))
}

/** a ← b + c·d, in float64. */
export function move(a: usize, b: usize, c: f64, d: usize, bytes: usize): void {
  const factor = f64x2.splat(c)
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(
      a + at,
      four(
        f64x2.add(two(b + at), f64x2.mul(factor, two(d + at))),
        f64x2.add(two(b + at + 8), f64x2.mul(factor, two(d + at + 8))),
      ),
    )
}

/** a ← −g, for a wide g. */
export function negative(a: usize, g: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(a + at, four(f64x2.neg(v128.load(g + 2 * at)), f64x2.neg(v128.load(g + 2 * at, 16))))
}

/** Σ g_i·a_i over `count` numbers, for a wide g. It uses four partial sums; the last count mod 4 terms go to the first. */
export function wideDot(g: usize, a: usize, count: usize): f64 {
  let pq = f64x2.splat(0)
  let rs = f64x2.splat(0)
  const whole = count & ~3
  for (let i: usize = 0; i < whole; i += 4) {
    pq = f64x2.add(pq, f64x2.mul(v128.load(g + (i << 3)), two(a + (i << 2))))
    rs = f64x2.add(rs, f64x2.mul(v128.load(g + (i << 3), 16), two(a + (i << 2) + 8)))
  }
  let p = f64x2.extract_lane(pq, 0)
  for (let i = whole; i < count; i++) p += load<f64>(g + (i << 3)) * <f64>load<f32>(a + (i << 2))
  return inAll(pq, rs, p)
}

/** Σ g_i² over `count` numbers, for a wide g, summed likewise. */
export function wideSquares(g: usize, count: usize): f64 {
  let pq = f64x2.splat(0)
  let rs = f64x2.splat(0)
  const whole = count & ~3
  for (let i: usize = 0; i < whole; i += 4) {
    const a = v128.load(g + (i << 3))
    const b = v128.load(g + (i << 3), 16)
    pq = f64x2.add(pq, f64x2.mul(a, a))
    rs = f64x2.add(rs, f64x2.mul(b, b))
  }
  let p = f64x2.extract_lane(pq, 0)
  for (let i = whole; i < count; i++) p += load<f64>(g + (i << 3)) * load<f64>(g + (i << 3))
  return inAll(pq, rs, p)
}

let squaresOfTurn: f64 = 0

/** y·y of the last call of {@link differences}. */
export function takeSquares(): f64 {
  return squaresOfTurn
}

/** s ← v − w, y ← h − g, for wide g and h. Returns s·y, computed from the unrounded differences. */
export function differences(w: usize, g: usize, v: usize, h: usize, s: usize, y: usize, bytes: usize): f64 {
  // The lanes of `sums` are s·y and y·y.
  let sums = f64x2.splat(0)
  for (let at: usize = 0; at < bytes; at += 8) {
    const moved = f64x2.sub(two(v + at), two(w + at))
    const turned = f64x2.sub(v128.load(h + 2 * at), v128.load(g + 2 * at))
    v128.store64_lane(s + at, f32x4.demote_f64x2_zero(moved), 0)
    v128.store64_lane(y + at, f32x4.demote_f64x2_zero(turned), 0)
    const first = v128.shuffle<f64>(moved, turned, 0, 2)
    const second = v128.shuffle<f64>(moved, turned, 1, 3)
    sums = f64x2.add(sums, f64x2.mul(first, v128.shuffle<f64>(turned, turned, 0, 0)))
    sums = f64x2.add(sums, f64x2.mul(second, v128.shuffle<f64>(turned, turned, 1, 1)))
  }
  squaresOfTurn = f64x2.extract_lane(sums, 1)
  return f64x2.extract_lane(sums, 0)
}
