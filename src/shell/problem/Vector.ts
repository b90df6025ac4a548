/**
 * Sums over flat vectors of weights, in float64.
 *
 * Each keeps four partial sums. One sum would wait for itself at every addition: at 78,510 weights that takes two to
 * three times as long, and these loops are what is left of a step besides its gradient.
 */

/** Flat weights, or a gradient by them. */
export type Flat = Float32Array | Float64Array

// The engine compiles a loop for the kinds of arrays that it sees: one for products, and one for squares.

/** Σ a_i·b_i of a gradient and a direction. */
export const dot = (a: Float64Array, b: Float32Array): number => {
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

/** Σ a_i². */
export const squares = (a: Flat): number => {
  let p = 0
  let q = 0
  let r = 0
  let s = 0
  const whole = a.length - (a.length % 4)
  for (let i = 0; i < whole; i += 4) {
    p += a[i]! * a[i]!
    q += a[i + 1]! * a[i + 1]!
    r += a[i + 2]! * a[i + 2]!
    s += a[i + 3]! * a[i + 3]!
  }
  for (let i = whole; i < a.length; i++) p += a[i]! * a[i]!
  return p + q + (r + s)
}

/** ‖a‖₂. */
export const norm = (a: Flat): number => Math.sqrt(squares(a))
