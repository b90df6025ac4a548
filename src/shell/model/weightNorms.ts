/**
 * Sums over flat vectors of weights, in float64, by four partial sums. One sum would wait for itself at every addition: at 78,510
 * weights that takes two to three times as long.
 */

/**
 * Σ a_i² of weights, and of nothing else: the engine compiles a loop for the kinds of arrays that it has seen, and one for two
 * kinds is half as fast.
 */
export const squares = (a: Float32Array): number => {
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

/** ‖a‖₂ of weights or of a gradient, by the same sums; not for where time matters. */
export const norm = (a: Float32Array | Float64Array): number => {
  const whole = a.length - (a.length % 4)
  const quarter = (from: number): number => {
    let sum = 0
    for (let i = from; i < whole; i += 4) sum += a[i]! * a[i]!
    return sum
  }
  let first = quarter(0)
  for (let i = whole; i < a.length; i++) first += a[i]! * a[i]!
  return Math.sqrt(first + quarter(1) + (quarter(2) + quarter(3)))
}
