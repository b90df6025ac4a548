/**
 * The measurements of a symmetric pair.
 *
 * Three paths start at the same weights and take the same steps on the same minibatches: y descends on f, z₊ on f + F/κ, z₋
 * on f − F/κ. From their ends, with ∂f the derivatives of f by λ at fixed weights,
 *
 *     g = ½(∂F(z₊) + ∂F(z₋)) + ½κ(∂f(z₊) − ∂f(z₋))      the gradient of the relaxed upper level
 *     b = ½κ(∂f(z₊) + ∂f(z₋)) − κ·∂f(y)                 its difference from a one-sided pair's, of order 1/κ
 *     M = ½(F(z₊) + F(z₋)) + ½κ(f(z₊) − f(z₋))          the relaxed upper level itself
 *     v = ½(f(z₊) + f(z₋)) − f(y)                       the violation of f ≤ φ
 *     F₁ = F(z₋) − F(z₊),  F₂ = F(z₊) + F(z₋) − 2F(y)   how far F moved, and how much of that is bent
 *
 * M is ½(min_w(F + κf) − min_w(κf − F)). It tends to F at the lower level's minimizer with an error of order 1/κ², and g is its
 * gradient by the envelope theorem. In v the part of y that has not converged cancels to first order.
 *
 * Differs from the paper, whose gradient is one-sided and takes ∇φ from the surrogate.
 */
import * as t from 'io-ts'
import { Finite, nullable, Positive, Vector } from '../codec/Codec.js'
import { norm } from '../numeric/norm.js'
import type { WeightsDescended } from '../protocol/Observation.js'
import * as SearchSpace from '../protocol/SearchSpace.js'

export const Measured = t.readonly(
  t.strict({
    /** λ in the unit cube. */
    unit: Vector,
    /** g by the unit coordinates. */
    gradient: Vector,
    /** b by the unit coordinates; `null` for a repeat on other minibatches, which has no path y. */
    skew: nullable(Vector),
    /** F₁ and F₂; `null` as `skew`. */
    moved: nullable(t.readonly(t.strict({ along: Finite, bent: Finite }), 'Moved')),
    /** κ. */
    coefficient: Positive,
  }),
  'Measured',
)
/** A measured gradient of the relaxed upper level. */
export type Measured = t.TypeOf<typeof Measured>

/** The ends of the two relaxed paths. */
export interface Sides {
  readonly plus: WeightsDescended
  readonly minus: WeightsDescended
}

/** The losses of a pair. */
export interface PairLosses {
  /** M. */
  readonly merit: number
  /** v, never negative. */
  readonly violation: number
}

/** M and v. */
export const lossesOf = (reference: WeightsDescended, { plus, minus }: Sides, kappa: number): PairLosses => ({
  merit: (plus.upper + minus.upper) / 2 + (kappa / 2) * (plus.lower - minus.lower),
  violation: Math.max(0, (plus.lower + minus.lower) / 2 - reference.lower),
})

/** A measurement is dropped if its gradient is `times` as long as every later one, and there are at least `later` of them. */
const astray = { times: 50, later: 2 } as const

/**
 * The measurements without those of paths that went astray: F had pulled one out of the valley of y, and it ended anywhere. Their gradients
 * are of another order of magnitude than all later ones.
 */
export const withoutAstray = (measured: ReadonlyArray<Measured>): ReadonlyArray<Measured> => {
  const lengths = measured.map(({ gradient }) => norm(gradient))
  return measured.filter((_, i) => {
    const later = lengths.slice(i + 1)
    return later.length < astray.later || lengths[i]! <= astray.times * Math.max(...later)
  })
}

/** By how much M fell from one measurement to the next through each coordinate: −∫ g_k du_k by the trapezoidal rule. */
export const gainsBetween = (
  before: Pick<Measured, 'unit' | 'gradient'>,
  after: Pick<Measured, 'unit' | 'gradient'>,
): ReadonlyArray<number> =>
  after.unit.map((u, k) => ((before.gradient[k]! + after.gradient[k]!) / 2) * (before.unit[k]! - u) + 0)

/** The measurement of a pair at λ. `reference`: the end of path y, if there is one. */
export const measuredBy =
  (space: SearchSpace.SearchSpace) =>
  (lambda: ReadonlyArray<number>, kappa: number) =>
  (reference: WeightsDescended | null, { plus, minus }: Sides): Measured => {
    const widths = SearchSpace.widths(space)
    const each = (of: (k: number) => number): ReadonlyArray<number> =>
      widths.map((width, k) => of(k) * width + 0)
    return {
      unit: SearchSpace.toUnit(space)(lambda),
      gradient: each(
        k =>
          (plus.upperGradient[k]! + minus.upperGradient[k]!) / 2 +
          (kappa / 2) * (plus.lowerGradient[k]! - minus.lowerGradient[k]!),
      ),
      skew:
        reference === null
          ? null
          : each(
              k =>
                kappa *
                ((plus.lowerGradient[k]! + minus.lowerGradient[k]!) / 2 - reference.lowerGradient[k]!),
            ),
      moved:
        reference === null
          ? null
          : {
              along: minus.upper - plus.upper + 0,
              bent: plus.upper + minus.upper - 2 * reference.upper + 0,
            },
      coefficient: kappa,
    }
  }
