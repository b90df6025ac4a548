/**
 * Sums over flat vectors of weights, in float64.
 *
 * Each keeps four partial sums. One sum would wait for itself at every addition: at 78,510 weights that takes two to
 * three times as long, and these loops are what is left of a step besides its gradient.
 */

/** Flat weights, or a gradient by them. */
export type Flat = Float32Array | Float64Array

/** Σ a_i·b_i. */
export const dot = (a: Flat, b: Flat): number => {
  let p = 0
  let q = 0
  let r = 0
  let s = 0
  const whole = a.length - (a.length % 4)
  for (let i = 0; i < whole; i += 4) {
    p += a[i]! * b[i]!
    q += a[i + 1]! * b[i + 1]!
    r += a[i + 2]! * b[i + 2]!
    s += a[i + 3]! * b[i + 3]!
  }
  for (let i = whole; i < a.length; i++) p += a[i]! * b[i]!
  return p + q + (r + s)
}

/** ‖a‖₂. */
export const norm = (a: Flat): number => Math.sqrt(dot(a, a))

/** a ← a + c·b, and Σ a_i·x_i of what it has become, in one pass. */
export const addThenDot = (a: Float64Array, c: number, b: Float64Array, x: Float64Array): number => {
  let p = 0
  let q = 0
  let r = 0
  let s = 0
  const whole = a.length - (a.length % 4)
  for (let i = 0; i < whole; i += 4) {
    const a0 = a[i]! + c * b[i]!
    const a1 = a[i + 1]! + c * b[i + 1]!
    const a2 = a[i + 2]! + c * b[i + 2]!
    const a3 = a[i + 3]! + c * b[i + 3]!
    a[i] = a0
    a[i + 1] = a1
    a[i + 2] = a2
    a[i + 3] = a3
    p += a0 * x[i]!
    q += a1 * x[i + 1]!
    r += a2 * x[i + 2]!
    s += a3 * x[i + 3]!
  }
  for (let i = whole; i < a.length; i++) {
    a[i]! += c * b[i]!
    p += a[i]! * x[i]!
  }
  return p + q + (r + s)
}
