/**
 * A check of a solution that does not rely on the search that found it.
 *
 * | symbol | meaning                                                             | unit       |
 * | ------ | ------------------------------------------------------------------- | ---------- |
 * | φ(x)   | the least f(x, ·) found, from every known minimizer and fresh starts | unit of f  |
 * | V(x)   | min over y of F(x, y) + κ·(f(x, y) − φ(x)), for one κ                | unit of F  |
 * | r      | how far from x it looks                                             | unit of x  |
 *
 * V is F at the lower level's solution up to a term of order 1/κ, and of several solutions at the one that F likes best.
 * Probes of V at x ± r·e_k, clipped to the bounds, for two radii, say three things: whether a better x is near; how large
 * the projected gradient is, by differences; and whether V has a kink at x, where it grows in proportion to r.
 * Between x and a probe at which f has another minimizer, V is also taken where the two are equally good.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { around, radii, switchingPoint } from './around.js'
import { evaluate } from './BilevelProblem.js'
import { beyond, isElsewhere, type Minimized, randomStarts } from './minimizers.js'
import { probing, type Subject } from './probing.js'

type Vec = ReadonlyArray<number>

/**
 * What a check of a solution found, without the search: see {@link solveBilevel}.
 *
 * @example
 * ```ts
 * import { isRight } from 'fp-ts/lib/Either.js'
 * import { type Certificate, solveBilevel } from 'bilevel-hpo'
 *
 * const solved = solveBilevel({
 *   x: { start: [0] },
 *   y: { start: [0] },
 *   upperLevel: ([x = 0], [y = 0]) => ({ value: x ** 2 + (y - 1) ** 2, gradX: [2 * x], gradY: [2 * (y - 1)] }),
 *   lowerLevel: ([x = 0], [y = 0]) => ({ value: (y - x) ** 2, gradX: [2 * (x - y)], gradY: [2 * (y - x)] }),
 * })
 * const certificate: Certificate | null = isRight(solved) ? solved.right.certificate : null
 * certificate?.verdict // => 'solution'
 * ```
 */
export interface Certificate {
  /** f(x, y) − φ(x), in the unit of f. */
  readonly violation: number
  /** φ(x): the least f that was found at x. */
  readonly least: number
  /** The largest component of the projected gradient of V by differences, times the range of x: in the unit of F. */
  readonly gradient: number
  /** The least V near x minus V(x), in the unit of F. At most 0; below `tolerance` a better x is near. */
  readonly gain: number
  /** What counts as nothing in `violation` and in `gain`. */
  readonly tolerance: { readonly lower: number; readonly upper: number }
  /** The largest distance of a probe, as a share of the range of x. */
  readonly radius: number
  /**
   * - `solution`: nothing better is near, and V is flat or a parabola with its minimum here.
   * - `kink`: nothing better is near, and V grows at once: the lower level switches there.
   * - `betterLower`: another y has a lower f at this x.
   * - `tie`: another y has the same f at this x, and a lower F.
   * - `betterUpper`: another x near by has a lower V.
   * - `unchecked`: the lower level could not be solved for the check, or V falls towards points at which a function throws or
   *   returns what cannot be used.
   */
  readonly verdict: 'solution' | 'kink' | 'betterLower' | 'tie' | 'betterUpper' | 'unchecked'
  readonly lowerLevelSolves: number
  readonly evaluations: number
}

/** A check, and where to go on from if there is something better. */
export interface Checked {
  readonly certificate: Certificate
  readonly better: Better | null
}

/** A better point. Where it is `isolated`, another minimizer of f takes over at this very x, and a search that moves x loses it. */
export interface Better {
  readonly x: Vec
  readonly y: Vec
  readonly isolated: boolean
}

/** What counts as nothing, relative to the scale of F and of f. */
const relativeTolerance = 1e-4
/** The stream of fresh starts, apart from those of the search, which are numbered by its questions. */
const freshStream = 7919

/** Checks a solution. Total: what cannot be evaluated makes the verdict `unchecked`. */
export const certify = (subject: Subject): Checked => {
  const { problem, x, y, known, scales, seed, relaxation } = subject
  const fresh = randomStarts(problem, subject.freshStarts, seed, freshStream)
  const { solve, valueAt, spent } = probing(subject, fresh)
  const own = evaluate(problem.lowerLevel, x, y)
  const upper = evaluate(problem.upperLevel, x, y)
  const tolerance = {
    lower: Math.max(
      2 * relaxation.epsilon,
      relativeTolerance * Math.max(scales.lower, E.isRight(own) ? 1e-6 * Math.abs(own.right.value) : 0),
    ),
    upper:
      Math.max(relativeTolerance, subject.upperTolerance) *
      Math.max(scales.upper, E.isRight(upper) ? Math.abs(upper.right.value) : 0),
  }
  const said = (
    verdict: Certificate['verdict'],
    figures: Partial<Certificate>,
    better: Checked['better'],
  ): Checked => ({
    certificate: {
      violation: 0,
      least: E.isRight(own) ? own.right.value : 0,
      gradient: 0,
      gain: 0,
      tolerance,
      radius: radii[0],
      verdict,
      ...figures,
      ...spent(),
    },
    better,
  })
  if (E.isLeft(own) || E.isLeft(upper)) return said('unchecked', {}, null)

  // The lower level, from everything that is known and from fresh starts.
  const first = solve(x, { y })
  const minima = [
    first,
    ...[problem.y.start, ...known, ...fresh].map(start => solve(x, { y: start, pairs: first.pairs })),
  ].filter(one => one.converged && O.isNone(beyond(problem, x, one)))
  const least = minima.reduce<Minimized | null>(
    (best, one) => (best === null || one.value < best.value ? one : best),
    null,
  )
  if (least === null) return said('unchecked', {}, null)
  const violation = Math.max(0, own.right.value - least.value)
  if (violation > tolerance.lower)
    return said('betterLower', { violation, least: least.value }, { x, y: least.y, isolated: false })

  // Of the minimizers at this x, the one with the least F. A minimizer of another x is a start of theirs and no candidate itself: its
  // f is almost the same, and F may be lower there only because f is higher.
  const tied = minima
    .map(one => one.y)
    .filter(z => isElsewhere(z, y))
    .flatMap(z => {
      const [low, high] = [evaluate(problem.lowerLevel, x, z), evaluate(problem.upperLevel, x, z)]
      const same = E.isRight(low) && low.right.value - least.value <= tolerance.lower / 2
      return same && E.isRight(high) ? [{ z, upper: high.right.value }] : []
    })
    .reduce((best, one) => (one.upper < best.upper ? one : best), { z: y, upper: upper.right.value })
  if (tied.upper < upper.right.value - tolerance.upper)
    return said('tie', { violation, least: least.value }, { x, y: tied.z, isolated: true })

  // The upper level, around x.
  const here = valueAt(x, [{ y: least.y, pairs: least.pairs }], [{ y }])
  if (here === null) return said('unchecked', { violation, least: least.value }, null)
  const { gradient, lowest, flat, kinks, other, unknown } = around(subject, tolerance.upper, here, valueAt)
  // V has a jump where the minimizers of f change places, and its least value may be at that very x.
  const border = other === null ? null : switchingPoint(problem, here, other)
  const there =
    border === null || other === null ? null : valueAt(border, [here.y, other.y], [here.z, other.z])
  const isolated = there !== null && there.value < lowest.value - tolerance.upper
  const best = isolated ? there : lowest
  const gain = best.value - here.value
  const figures = { violation, least: least.value, gradient, gain }
  if (gain < -tolerance.upper) return said('betterUpper', figures, { x: best.x, y: best.z.y, isolated })
  if (unknown) return said('unchecked', figures, null)
  return said(kinks || !flat ? 'kink' : 'solution', figures, null)
}
