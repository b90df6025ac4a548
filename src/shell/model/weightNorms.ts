/**
 * Norms of flat weight vectors, in float64, with four partial sums. With one sum, each addition waits for the previous one,
 * which takes two to three times as long for 78,510 weights.
 */

/**
 * Σ a_i² of weights. Call it only with Float32Array: the engine compiles a loop for the array types it has seen, and a loop
 * for two types is half as fast.
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

/** ‖a‖₂ of weights or a gradient, with the same order of sums. It is slower than {@link squares}. */
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
