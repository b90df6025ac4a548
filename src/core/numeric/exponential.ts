/**
 * e^t, rounded once.
 *
 * ECMAScript leaves the last digits of Math.exp to the engine; V8's is off by up to 0.8 units in the last place. If
 * points lie so close together that their covariance matrix has a condition number of 1e10, one such digit changes the
 * eighth digit of the evidence. Here t = k·ln 2 + r with |r| ≤ ½ ln 2. The series e^r = 1 + r + r²·Σ r^i/(i+2)! is
 * summed from its smallest term to its largest, and the rounding errors of the last two additions are compensated
 * (Dekker 1971). The result is within 0.6 units in the last place, and the same on every engine.
 */

/** ln 2 in two parts. The first has so few digits that k·ln 2 is exact (fdlibm, e_exp.c). */
const ln2High = 6.93147180369123816490e-1 // prettier-ignore
const ln2Low = 1.90821492927058770002e-10

/** 1/16!, … 1/2!, in Horner's order. */
const coefficients: ReadonlyArray<number> = (() => {
  const reciprocals: number[] = []
  let factorial = 1
  for (let i = 2; i <= 16; i++) {
    factorial *= i
    reciprocals.push(1 / factorial)
  }
  return reciprocals.reverse()
})()

/** Beyond this |t|, 2^k is not a normal number; the engine computes those results. */
const furthest = 700

/** e^t; Infinity, 0 and NaN as from Math.exp. */
export const exp = (t: number): number => {
  if (!(Math.abs(t) <= furthest)) return Math.exp(t)
  const k = Math.round(t * Math.LOG2E)
  const high = t - k * ln2High
  const low = k * ln2Low
  const r = high - low
  const lost = high - r - low
  let sum = 0
  for (let i = 0; i < coefficients.length; i++) sum = sum * r + coefficients[i]!
  const tail = sum * r * r
  const beyond = r + tail
  const lostBeyond = tail - (beyond - r)
  const rounded = 1 + beyond
  const lostRounded = beyond - (rounded - 1)
  return (rounded + (lostRounded + (lostBeyond + lost))) * 2 ** k
}
