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
import * as Rng from '../numeric/Rng.js'
import { type CompleteProblem, evaluate } from './BilevelProblem.js'
import {
  beyond,
  insideY,
  minimize,
  type Minimized,
  ownMinimizer,
  randomStarts,
  type Start,
  type Terms,
  valueOf,
} from './minimizers.js'

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
   * - `unchecked`: the lower level could not be solved for the check.
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

/** What a check is given. */
export interface Subject {
  readonly problem: CompleteProblem
  readonly x: Vec
  readonly y: Vec
  /** Minimizers that the search has met, at any x. */
  readonly known: ReadonlyArray<Vec>
  /** ‖∇_y f‖ near the start, and what F and f gained from the start: their units. */
  readonly steepness: number
  readonly scales: { readonly upper: number; readonly lower: number }
  /** The tolerance of f − φ ≤ ε that the search had, and its multiplier. */
  readonly relaxation: { readonly epsilon: number; readonly multiplier: number }
  /** The relative change of F that the search ignored. */
  readonly upperTolerance: number
  readonly seed: number
  readonly freshStarts: number
}

/** Shares of the range of x at which V is probed. */
const radii = [0.02, 0.002] as const
/** Beyond so many components, random directions take the place of coordinates. */
const mostDirections = 10
/** What counts as nothing, relative to the scale of F and of f. */
const relativeTolerance = 1e-4
/** κ·scale of f / scale of F where ε is as small as rounding allows: V is exact to a hundred-thousandth, and rounding of f does not show. */
const force = 1e5
/** An ε below this share of the scale of f is no relaxation that shows in V. */
const noRelaxation = 1e-8
/** V has a kink where ten times the distance gives less than this multiple of the rise. */
const kinkRatio = 30
const maxIterations = 2000
/** A descent ends where the gradient is this share of that at the start. V is then off by about 1e-13 times the condition number of f. */
const accuracy = 1e-9
/** The stream of fresh starts, apart from those of the search, which are numbered by its questions. */
const freshStream = 7919

/** The widths by which shares are meant: that of the bounds, or the size of x where there is none. */
const rangesOf = ({ x: { lower, upper } }: CompleteProblem, x: Vec): Vec =>
  x.map((v, k) => {
    const width = upper[k]! - lower[k]!
    return Number.isFinite(width) ? width : Math.max(1, Math.abs(v))
  })

interface Value {
  readonly x: Vec
  /** The end of the descent on F + κ·f, and that of the solve of f. */
  readonly z: Start
  readonly y: Start
  readonly value: number
}

/** V and the solves it takes, with their count. */
const probing = ({ problem, steepness, scales, known, relaxation }: Subject, fresh: ReadonlyArray<Vec>) => {
  let [solves, evaluations] = [0, 0]
  const { epsilon, multiplier } = relaxation
  // The relaxed problem has a solution of its own, which is that of V with κ = μ.
  const kappa =
    epsilon > noRelaxation * scales.lower && multiplier > 0
      ? multiplier
      : (force * scales.upper) / scales.lower
  const solve = (x: Vec, start: Start): Minimized => {
    solves++
    const own = ownMinimizer(problem, x, start.y)
    const limits = { steepness, bounds: problem.y, maxIterations, accuracy }
    const found = minimize(limits, [[1, problem.lowerLevel]], x, own === start.y ? start : { y: own })
    evaluations += found.evaluations
    return found
  }
  const lagrangian: Terms = [
    [kappa, problem.lowerLevel],
    [1, problem.upperLevel],
  ]
  const relaxed = (x: Vec, start: Start): Minimized => {
    const limits = { steepness: kappa * steepness, bounds: problem.y, maxIterations, accuracy }
    const found = minimize(limits, lagrangian, x, start)
    evaluations += found.evaluations
    return found
  }
  /** A minimizer of an x near by may be a saddle or a maximum of f here: the descent then goes on from beside it. */
  const settled = (x: Vec, start: Start): Minimized => {
    const end = solve(x, start)
    const past = beyond(problem, x, end)
    // `beyond` evaluates f.
    evaluations++
    if (O.isNone(past)) return end
    const further = solve(x, { y: past.value, pairs: end.pairs })
    return further.converged && further.value < end.value ? further : end
  }
  /** The lower level's minimizer at x, from where it was near by and from what has a lower f. */
  const least = (x: Vec, near: Start): Minimized => {
    const first = settled(x, near)
    const lower = [...known, ...fresh].filter(y => {
      evaluations++
      const there = evaluate(problem.lowerLevel, x, y)
      return E.isRight(there) && there.right.value < first.value - 1e-7 * (1 + Math.abs(first.value))
    })
    return lower
      .map(y => solve(x, { y }))
      .reduce((best, one) => (one.converged && one.value < best.value ? one : best), first)
  }
  /** The lowest of several starts, all but one of which may be guesses. */
  const lowestOf = (terms: Terms, x: Vec, starts: ReadonlyArray<Start>): Start =>
    starts
      .map(start => {
        evaluations += terms.length
        return { start, value: valueOf(terms, x, start.y) }
      })
      .reduce((low, one) => (one.value < low.value ? one : low)).start
  /** V(x), or `null` where the lower level cannot be solved there. */
  const valueAt = (x: Vec, ys: ReadonlyArray<Start>, zs: ReadonlyArray<Start>): Value | null => {
    const near = lowestOf([[1, problem.lowerLevel]], x, ys)
    const { y, value: phi, converged, pairs } = least(x, near)
    if (!converged) return null
    const own = { y, pairs: zs[0]?.pairs ?? pairs }
    const end = relaxed(x, lowestOf(lagrangian, x, [...zs, own]))
    const value = end.value - kappa * phi
    return Number.isFinite(value) ? { x, y: { y, pairs }, z: { y: end.y, pairs: end.pairs }, value } : null
  }
  return { solve, valueAt, spent: () => ({ lowerLevelSolves: solves, evaluations }) }
}

/** Whether a point is another minimizer than y, and not y followed to or from an x near by. */
const isElsewhere = (z: Vec, y: Vec): boolean => {
  const size = [...z, ...y].reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  return z.some((v, k) => Math.abs(v - y[k]!) > 0.05 * size)
}

/** Directions of probes, in units of the ranges: coordinates, or as many random ones. */
const directionsOf = (dimension: number, seed: number): ReadonlyArray<Vec> =>
  Array.from({ length: Math.min(dimension, mostDirections) }, (_, i) => {
    if (dimension <= mostDirections) return Array.from({ length: dimension }, (__, k) => (k === i ? 1 : 0))
    const [normals] = Rng.normals(dimension)(Rng.make(seed, dimension, i))
    const largest = Math.max(...normals.map(Math.abs))
    return normals.map(v => v / largest)
  })

/** What V is like near x. */
interface Neighbourhood {
  readonly gradient: number
  /** The lowest V that was found, x itself included. */
  readonly lowest: Value
  /** Whether V changes next to nothing within the larger radius, or is a parabola whose minimum is as good as x. */
  readonly flat: boolean
  readonly kinks: boolean
  /** The nearest probe at which the lower level has another minimizer. */
  readonly other: Value | null
}

/** The start expected at `share` of a direction, by the parabola or the line through a point of it and x itself. */
const expected = (
  share: number,
  here: Start,
  known: ReadonlyArray<{ readonly share: number; readonly at: Start }>,
): Start => {
  const [a, b] = known
  if (a === undefined) return here
  const y = here.y.map((v, k) => {
    const slope = (a.at.y[k]! - v) / a.share
    if (b === undefined) return v + share * slope
    const bend = ((b.at.y[k]! - v) / b.share - slope) / (b.share - a.share)
    return v + share * (slope + (share - a.share) * bend)
  })
  return { y: y.every(Number.isFinite) ? y : here.y, pairs: a.at.pairs ?? [] }
}

/** How much V rises at two opposite points; `null` beyond a bound. */
interface Rise {
  readonly up: number | null
  readonly down: number | null
}

/** Half the difference of the two. On a bound there is one of them, and only a fall counts. */
const slopeOf = ({ up, down }: Rise): number =>
  up !== null && down !== null ? Math.abs(up - down) / 2 : Math.max(0, -(up ?? down ?? 0))

/**
 * Whether V is a parabola along a direction, whose minimum is lower than x by at most the tolerance. The parabola through the far
 * points predicts the near ones; where V has a kink or a jump, these are ten or a hundred times as high.
 */
const isSettled = (far: Rise, near: Rise, tolerance: number): boolean => {
  if (far.up === null || far.down === null || near.up === null || near.down === null) return false
  const [a, b] = [(far.up + far.down) / 2, (far.up - far.down) / 2]
  const share = radii[1] / radii[0]
  const predicts = (rise: number, sign: 1 | -1): boolean => {
    const parabola = a * share * share + sign * b * share
    return Math.abs(rise - parabola) <= (a * share * share + Math.abs(b) * share) / 2
  }
  return a > 0 && b * b <= 4 * a * tolerance && predicts(near.up, 1) && predicts(near.down, -1)
}

/** Probes V along every direction, at both radii, and at the minimum of the parabola through three values. */
const around = (
  { problem, x, seed }: Subject,
  tolerance: number,
  here: Value,
  valueAt: (point: Vec, ys: ReadonlyArray<Start>, zs: ReadonlyArray<Start>) => Value | null,
): Neighbourhood => {
  const { lower, upper } = problem.x
  const ranges = rangesOf(problem, x)
  let [lowest, other]: [Value, { readonly found: Value; readonly share: number } | null] = [here, null]
  const sharp = (far: number | null, near: number | null): boolean =>
    far !== null && near !== null && near > tolerance * radii[1] && far < kinkRatio * near
  let [gradient, flat, kinks] = [0, true, false]
  for (const direction of directionsOf(x.length, seed)) {
    let met: ReadonlyArray<{ readonly share: number; readonly found: Value }> = []
    const riseAt = (share: number): number | null => {
      const point = x.map((v, k) =>
        Math.min(upper[k]!, Math.max(lower[k]!, v + share * ranges[k]! * direction[k]!)),
      )
      if (point.every((v, k) => v === x[k])) return null
      const startsOf = (of: 'y' | 'z'): ReadonlyArray<Start> => {
        const guess = expected(
          share,
          here[of],
          met.map(one => ({ share: one.share, at: one.found[of] })),
        )
        return met.length === 0 ? [here[of]] : [here[of], { ...guess, y: insideY(problem)(guess.y) }]
      }
      const found = valueAt(point, startsOf('y'), startsOf('z'))
      if (found === null) return null
      met = [{ share, found }, ...met].slice(0, 2)
      if (found.value < lowest.value) lowest = found
      if (isElsewhere(found.y.y, here.y.y) && (other === null || Math.abs(share) < Math.abs(other.share)))
        other = { found, share }
      return found.value - here.value
    }
    const [far, near] = radii.map(r => {
      const [up, down] = [riseAt(r), riseAt(-r)]
      if (up !== null && down !== null) {
        const [a, b] = [(up + down) / 2, (up - down) / 2]
        // The minimum lies between the three, and is lower than x by more than nothing.
        if (a > 0 && Math.abs(b) < 2 * a && b * b > 4 * a * tolerance) riseAt((-b / (2 * a)) * r)
      }
      return { up, down }
    })
    // The smaller of two: V is a difference of large values, whose rounding shows at the nearer radius first.
    const slope = Math.min(slopeOf(far!) / radii[0], slopeOf(near!) / radii[1])
    gradient = Math.max(gradient, slope)
    flat &&= slope * radii[0] <= tolerance || isSettled(far!, near!, tolerance)
    kinks ||= sharp(far!.up, near!.up) && sharp(far!.down, near!.down)
  }
  return { gradient, lowest, flat, kinks, other: other?.found ?? null }
}

/** Halvings of the way between two points: more than float64 has digits. */
const halvings = 100

/** The x between two points at which their minimizers of f have the same f; `null` if one is better at both points. */
const switchingPoint = ({ lowerLevel }: CompleteProblem, from: Value, to: Value): Vec | null => {
  const at = (share: number): Vec => from.x.map((v, k) => v + share * (to.x[k]! - v))
  /** f at the minimizer of `from`, minus f at that of `to`. */
  const lead = (x: Vec): number =>
    valueOf([[1, lowerLevel]], x, from.y.y) - valueOf([[1, lowerLevel]], x, to.y.y)
  let [low, high] = [0, 1]
  if (!(lead(at(low)) <= 0 && lead(at(high)) > 0)) return null
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2
    if (lead(at(middle)) <= 0) low = middle
    else high = middle
  }
  // A component that is zero but for rounding is zero.
  return at(low).map((v, k) => (Math.abs(v) <= Number.EPSILON * Math.abs(to.x[k]! - from.x[k]!) ? 0 : v))
}

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
  const { gradient, lowest, flat, kinks, other } = around(subject, tolerance.upper, here, valueAt)
  // V has a jump where the minimizers of f change places, and its least value may be at that very x.
  const border = other === null ? null : switchingPoint(problem, here, other)
  const there =
    border === null || other === null ? null : valueAt(border, [here.y, other.y], [here.z, other.z])
  const isolated = there !== null && there.value < lowest.value - tolerance.upper
  const best = isolated ? there : lowest
  const gain = best.value - here.value
  const figures = { violation, least: least.value, gradient, gain }
  if (gain < -tolerance.upper) return said('betterUpper', figures, { x: best.x, y: best.z.y, isolated })
  return said(kinks || !flat ? 'kink' : 'solution', figures, null)
}
