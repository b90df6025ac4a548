/**
 * Student's t: how many standard errors the mean of few values may be off.
 *
 * Notation
 * - ν: degrees of freedom, a whole number.
 * - θ: arctan(t/√ν), in [0, π/2).
 * - A(θ): P(|T| ≤ t).
 *
 * For whole ν, A is a finite sum of powers of cos θ (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4), and its slope is a
 * constant times cos^(ν−1) θ. A is concave in θ, so Newton's method from θ = 0 rises to the solution and never passes it.
 *
 * Libraries were looked at first. jStat, in use before, has no types, and errs by up to 4e-8 of t. @stdlib's quantile
 * is typed and exact, but brings 232 packages of 27 MB for this one number.
 */

/** A(θ). */
const within = (degreesOfFreedom: number, theta: number): number => {
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)]
  const isOdd = degreesOfFreedom % 2 === 1
  let term = isOdd ? cos : 1
  let sum = 0
  for (let k = isOdd ? 1 : 0; k <= degreesOfFreedom - 2; k += 2) {
    sum += term
    term *= (cos * cos * (k + 1)) / (k + 2)
  }
  return isOdd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum
}

/** A'(0). */
const slopeAtZero = (degreesOfFreedom: number): number => {
  const isOdd = degreesOfFreedom % 2 === 1
  let slope = isOdd ? 2 / Math.PI : 1
  for (let k = isOdd ? 1 : 2; k < degreesOfFreedom; k += 2) slope *= (k + 1) / k
  return slope
}

/**
 * The t with P(|T| ≤ t) = `confidence`, which is in [0, 1): the quantile at (1 + confidence)/2. Accurate to 1e-12 in
 * relation to t up to a confidence of 0.999; beyond that, 1 − confidence bears the rounding.
 */
export const reach = (confidence: number, degreesOfFreedom: number): number => {
  const slope = slopeAtZero(degreesOfFreedom)
  let theta = 0
  for (;;) {
    const missing = confidence - within(degreesOfFreedom, theta)
    const next = theta + missing / (slope * Math.cos(theta) ** (degreesOfFreedom - 1))
    // Rounding is all that is left once θ no longer rises.
    if (!(next > theta)) return Math.sqrt(degreesOfFreedom) * Math.tan(theta)
    theta = next
  }
}
