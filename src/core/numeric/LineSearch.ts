/**
 * A step along a descent direction that satisfies the strong Wolfe conditions.
 *
 * Notation: ψ(α) = f(x + α·p), ψ'(α) its slope. A step α is accepted if
 *
 *     |ψ'(α)| ≤ σ|ψ'(0)|   and   ( ψ(α) ≤ ψ(0) + δ·α·ψ'(0)   or   ψ(α) ≤ ψ(0) + noise )
 *
 * The second alternative is the approximate Wolfe condition of Hager & Zhang (2005, SIAM J. Optim. 16, 170). Near a
 * minimum, rounding hides differences of ψ while slopes are still exact, so slopes alone must decide. With it the
 * search reaches a gradient norm of 1e-10 and below; without it, about the square root of machine precision. The
 * bracket is theirs as well. Its left end has ψ' < 0 and no increase beyond the noise. Its right end has ψ' ≥ 0, or is
 * too high, or is not finite; in the last two cases the search bisects.
 */
import * as O from 'fp-ts/lib/Option.js'

/** ψ at a step. */
export interface Trial {
  readonly step: number
  /** ψ(α); if it is NaN or infinite, the step is too long. */
  readonly value: number
  /** ψ'(α). */
  readonly slope: number
}

export interface LineSearch<T extends Trial> {
  readonly evaluate: (step: number) => T
  /** ψ(0), ψ'(0) < 0. */
  readonly value: number
  readonly slope: number
  /** The first step tried. */
  readonly initialStep: number
  /** The longest step allowed; may be infinite. It is accepted if ψ has decreased and still does. */
  readonly maxStep: number
  readonly maxEvaluations: number
  /** An increase of ψ up to this is rounding. */
  readonly noise: number
}

/** The result of a search, and its cost. */
export interface Searched<T> {
  /** `None` if no step was acceptable. */
  readonly found: O.Option<T>
  readonly evaluations: number
}

/** δ: the share of the promised decrease that a step must bring. */
export const sufficientDecrease = 1e-4
/** σ: the largest share of the slope at 0 that may remain. */
const curvature = 0.9

const usable = (trial: Trial): boolean => Number.isFinite(trial.value) && Number.isFinite(trial.slope)

/** The root of the line through the two slopes, or the middle, well inside the bracket. */
const interpolate = (left: Trial, right: Trial): number => {
  const width = right.step - left.step
  const secant =
    usable(right) && right.slope >= 0
      ? left.step + (width * left.slope) / (left.slope - right.slope)
      : left.step + width / 2
  return Math.min(right.step - 1e-3 * width, Math.max(left.step + 1e-3 * width, secant))
}

/** The next step while ψ still falls at `far`: extrapolated by its slopes, to 2 to 100 times as far. */
const extrapolate = (near: Trial, far: Trial): number => {
  const width = far.step - near.step
  const bend = far.slope - near.slope
  const secant = bend > 0 ? far.step - (width * far.slope) / bend : Infinity
  return Math.min(100 * far.step, Math.max(2 * far.step, secant))
}

/**
 * An acceptable step. If none is found within the evaluations allowed, the lowest one with a sufficient decrease;
 * `None` if there is none.
 */
export const search = <T extends Trial>(line: LineSearch<T>): Searched<T> => {
  const { evaluate, value, slope, maxStep, noise } = line
  let left: Trial = { step: 0, value, slope }
  let right: Trial | null = null
  let fallback: T | null = null
  let step = Math.min(line.initialStep, maxStep)
  let width = Infinity
  let evaluations = 0
  while (evaluations < line.maxEvaluations) {
    const trial = evaluate(step)
    evaluations++
    const decreased = usable(trial) && trial.value <= value + sufficientDecrease * step * slope
    const level = usable(trial) && (decreased || trial.value <= value + noise)
    if (level && Math.abs(trial.slope) <= curvature * -slope) return { found: O.some(trial), evaluations }
    if (decreased && step >= maxStep && trial.slope < 0) return { found: O.some(trial), evaluations }
    if (decreased && (fallback === null || trial.value < fallback.value)) fallback = trial

    if (level && trial.slope < 0) {
      if (right === null) {
        if (step >= maxStep) break
        step = Math.min(maxStep, extrapolate(left, trial))
        left = trial
        continue
      }
      left = trial
    } else right = trial

    const narrowed: number = right.step - left.step
    if (!(narrowed > 4e-16 * right.step)) break
    // If the bracket did not halve, halve it: at kinks and cliffs the secant can stay at one end without progress.
    step = narrowed > 0.5 * width ? left.step + narrowed / 2 : interpolate(left, right)
    width = narrowed
  }
  return { found: O.fromNullable(fallback), evaluations }
}
