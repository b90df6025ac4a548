/**
 * The standard normal distribution, accurate in its tails.
 *
 * | symbol  | name      | meaning                                                                          |
 * | ------- | --------- | -------------------------------------------------------------------------------- |
 * | φ(z)    | `density` | exp(−z²/2)/√(2π)                                                                 |
 * | Φ(z)    | `cdf`     | ∫ φ from −∞ to z                                                                 |
 * | M(t)    | `mills`   | Φ(−t)/φ(t), Mills' ratio, for t ≥ 0; about 1/t far out, where Φ(−t) underflows   |
 *
 * Uses W. J. Cody's rational approximations of the scaled complementary error function (Math. Comp. 23, 1969, 631–637),
 * in three intervals: M(t) = √(π/2)·erfcx(t/√2).
 */
import { exp } from './exponential.js'

/** Numerators and denominators in Horner's order, from the highest power to the constant. */
const near = {
  above: [
    1.85777706184603153e-1, 3.1611237438705656, 1.13864154151050156e2, 3.77485237685302021e2,
    3.20937758913846947e3,
  ],
  below: [1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3],
} as const
const middle = {
  above: [
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
    2.98635138197400131e2, 8.8195222124176909e2, 1.71204761263407058e3, 2.05107837782607147e3,
    1.23033935479799725e3,
  ],
  below: [
    1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
  ],
} as const
const far = {
  above: [
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
    1.60837851487422766e-2, 6.58749161529837803e-4,
  ],
  below: [
    1, 2.56852019228982242, 1.87295284992346047, 5.27905102951428412e-1, 6.05183413124413191e-2,
    2.33520497626869185e-3,
  ],
} as const

const horner = (coefficients: ReadonlyArray<number>, x: number): number =>
  coefficients.reduce((sum, c) => sum * x + c, 0)

const ratio = (
  { above, below }: { readonly above: ReadonlyArray<number>; readonly below: ReadonlyArray<number> },
  x: number,
): number => horner(above, x) / horner(below, x)

const inverseRootPi = 0.5641895835477562869

/** exp(x²)·erfc(x) for x ≥ 0. */
const erfcx = (x: number): number => {
  if (x <= 0.46875) return exp(x * x) * (1 - x * ratio(near, x * x))
  if (x <= 4) return ratio(middle, x)
  const y = 1 / (x * x)
  return (inverseRootPi - y * ratio(far, y)) / x
}

const rootTwoPi = Math.sqrt(2 * Math.PI)

/** φ(z). */
export const density = (z: number): number => exp(-0.5 * z * z) / rootTwoPi

/** ln φ(z). */
export const logDensity = (z: number): number => -0.5 * z * z - Math.log(rootTwoPi)

/** M(t), for t ≥ 0. */
export const mills = (t: number): number => Math.sqrt(Math.PI / 2) * erfcx(t * Math.SQRT1_2)

/** Φ(z). */
export const cdf = (z: number): number => (z <= 0 ? density(z) * mills(-z) : 1 - density(z) * mills(z))

/**
 * From here on 1 − t·M(t) comes from its asymptotic series, since the difference cancels: its relative error grows as
 * t².
 */
const series = 30

/**
 * 1 − t·M(t) for t ≥ 0, which is ∫ Φ from −∞ to −t divided by φ(t). About 1/t² for large t (Abramowitz & Stegun
 * 26.2.12).
 */
export const tail = (t: number): number => {
  if (t < series) return 1 - t * mills(t)
  const y = 1 / (t * t)
  return y * (1 - y * (3 - y * (15 - y * (105 - y * (945 - y * 10395)))))
}
