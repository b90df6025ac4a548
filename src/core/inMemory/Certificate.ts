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
/** The rounding of V, relative to F: κ multiplies that of f. */
const rounding = 1e-9
/** The most fresh starts of the lower level at x. */
const mostFresh = 24
/** Beyond so many components minimizers are not recombined. */
const mostMixed = 10
/** The stream of fresh starts, apart from those of the search, which are numbered by its questions. */
const freshStream = 7919

const lowestOf = (all: ReadonlyArray<Minimized>): Minimized | null =>
  all.reduce<Minimized | null>((best, one) => (best === null || one.value < best.value ? one : best), null)

/**
 * The lowest minimizer with components taken from others, one after the other, as long as f falls; `null` if none makes it fall. Where
 * components have wells of their own, there are too many combinations for random starts.
 */
const recombined = (
  { problem: { lowerLevel }, x }: Subject,
  minima: ReadonlyArray<Minimized>,
): Vec | null => {
  const lowest = lowestOf(minima)
  if (lowest === null || lowest.y.length > mostMixed) return null
  let best = { y: lowest.y, value: lowest.value }
  for (let k = 0; k < lowest.y.length; k++)
    for (const { y } of minima) {
      if (!isElsewhere([y[k]!], [best.y[k]!])) continue
      const mixed = best.y.map((v, j) => (j === k ? y[k]! : v))
      const there = evaluate(lowerLevel, x, mixed)
      if (E.isRight(there) && there.right.value < best.value) best = { y: mixed, value: there.right.value }
    }
  return best.y === lowest.y ? null : best.y
}

/**
 * Minimizers of f at x: from `first`, from the start, from those of other x, from `fresh` starts until several in a row find nothing
 * lower by more than `tolerance`, and from components of all of them.
 */
const minimaAt = (
  subject: Subject,
  fresh: ReadonlyArray<Vec>,
  tolerance: number,
  first: Minimized,
  from: (start: Vec) => Minimized,
): ReadonlyArray<Minimized> => {
  const { problem, x, known, freshStarts } = subject
  const isMinimum = (one: Minimized): boolean => one.converged && O.isNone(beyond(problem, x, one))
  const found = [first, ...[problem.y.start, ...known].map(from)].filter(isMinimum)
  let vain = 0
  for (const start of fresh) {
    if (vain >= freshStarts) break
    const one = from(start)
    const before = lowestOf(found)
    vain++
    if (!isMinimum(one)) continue
    if (before === null || one.value < before.value - tolerance) vain = 0
    found.push(one)
  }
  const mixed = recombined(subject, found)
  return mixed === null ? found : [...found, from(mixed)].filter(isMinimum)
}

/** Checks a solution. Total: what cannot be evaluated makes the verdict `unchecked`. */
export const certify = (subject: Subject): Checked => {
  const { problem, x, y, scales, seed, relaxation } = subject
  const fresh = randomStarts(problem, Math.max(mostFresh, subject.freshStarts), seed, freshStream)
  const probes = probing(subject)
  const { solve, spent } = probes
  const own = evaluate(problem.lowerLevel, x, y)
  const upper = evaluate(problem.upperLevel, x, y)
  const tolerance = {
    lower: Math.max(
      2 * relaxation.epsilon,
      relativeTolerance * Math.max(scales.lower, E.isRight(own) ? 1e-6 * Math.abs(own.right.value) : 0),
    ),
    upper: Math.max(
      relativeTolerance * scales.upper,
      Math.max(rounding, subject.upperTolerance) * (E.isRight(upper) ? Math.abs(upper.right.value) : 0),
    ),
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
  const minima = minimaAt(subject, fresh, tolerance.lower / 2, first, start =>
    solve(x, { y: start, pairs: first.pairs }),
  )
  const least = lowestOf(minima)
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
  const valueAt = probes.valueAt([...fresh.slice(0, subject.freshStarts), ...minima.map(one => one.y)])
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
