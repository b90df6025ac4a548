/**
 * What V is like around a solution: its slope, whether a lower V is near, kinks, and where two minimizers of f change places.
 * See Certificate.ts.
 */
import * as Rng from '../numeric/Rng.js'
import type { CompleteProblem } from './BilevelProblem.js'
import { insideY, isElsewhere, type Start, valueOf } from './minimizers.js'
import type { Subject, Value } from './probing.js'

type Vec = ReadonlyArray<number>

/** Shares of the range of x at which V is probed. */
export const radii = [0.02, 0.002] as const
/** Beyond so many components, random directions take the place of coordinates. */
const mostDirections = 10
/** V has a kink where ten times the distance gives less than this multiple of the rise. */
const kinkRatio = 30

/** The range of each component of x, of which distances are shares: between its bounds, or its size if it has no bounds. */
const rangesOf = ({ x: { lower, upper } }: CompleteProblem, x: Vec): Vec =>
  x.map((v, k) => {
    const width = upper[k]! - lower[k]!
    return Number.isFinite(width) ? width : Math.max(1, Math.abs(v))
  })

/** The direction with its largest component ±1. */
const scaled = (direction: Vec): Vec => {
  const largest = direction.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  return direction.map(v => v / largest)
}

/** Directions of probes, in units of the ranges: coordinates, or as many random ones. */
const directionsOf = (dimension: number, seed: number): ReadonlyArray<Vec> =>
  Array.from({ length: Math.min(dimension, mostDirections) }, (_, i) => {
    if (dimension <= mostDirections) return Array.from({ length: dimension }, (__, k) => (k === i ? 1 : 0))
    const [normals] = Rng.normals(dimension)(Rng.make(seed, dimension, i))
    return scaled(normals)
  })

/** Up to so many coordinates all diagonals between two of them are tried; beyond, as many random directions as `fewRandom`. */
const fewAxes = 3
const fewRandom = 2

/**
 * More directions, in which a lower V is looked for: diagonals or random ones, by which a saddle shows, and down the gradient along the
 * coordinates, which follows a narrow valley.
 */
const furtherOf = (dimension: number, seed: number, slopes: Vec): ReadonlyArray<Vec> => {
  if (dimension < 2 || dimension > mostDirections) return []
  const axes = Array.from({ length: dimension }, (_, k) => k)
  const across =
    dimension <= fewAxes
      ? axes.flatMap(i =>
          axes
            .slice(i + 1)
            .flatMap(j => [1, -1].map(sign => axes.map(k => (k === i ? 1 : k === j ? sign : 0)))),
        )
      : Array.from({ length: fewRandom }, (_, i) => {
          const [normals] = Rng.normals(dimension)(Rng.make(seed, dimension, i))
          return scaled(normals)
        })
  const downhill = slopes.some(slope => slope !== 0) ? [scaled(slopes.map(slope => -slope))] : []
  return [...across, ...downhill]
}

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
  /** Whether V falls towards a near point at which it cannot be evaluated. */
  readonly unknown: boolean
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

/** How much V rises at two opposite points; `null` beyond a bound, and where V cannot be evaluated. */
interface Rise {
  readonly up: number | null
  readonly down: number | null
  /** Whether V cannot be evaluated at one of the two. */
  readonly failed: boolean
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

/** How fast V falls towards points at which it cannot be evaluated: the slope of the parabola through x and the other side. */
const fallsBeyond = (far: Rise, near: Rise): number => {
  const [a, b] = [far.up ?? far.down, near.up ?? near.down]
  const [r, s] = radii
  if (b === null) return 0
  return a === null ? Math.max(0, b / s) : Math.max(0, (b * r * r - a * s * s) / (r * s * (r - s)))
}

/** Rises of V along one direction: `riseAt(share)` at a share of it; `null` beyond a bound, or where V cannot be evaluated. */
interface Probe {
  readonly riseAt: (share: number) => number | null
  /** Whether V could not be evaluated since the last call. */
  readonly failed: () => boolean
}

/** Probes V along every direction, at both radii, and at the minimum of the parabola through three values. */
export const around = (
  { problem, x, seed }: Subject,
  tolerance: number,
  here: Value,
  valueAt: (point: Vec, ys: ReadonlyArray<Start>, zs: ReadonlyArray<Start>) => Value | null,
): Neighbourhood => {
  const { lower, upper } = problem.x
  const ranges = rangesOf(problem, x)
  let [lowest, other, nearest]: [Value, Value | null, number] = [here, null, Infinity]
  const sharp = (far: number | null, near: number | null): boolean =>
    far !== null && near !== null && near > tolerance * radii[1] && far < kinkRatio * near
  const along = (direction: Vec): Probe => {
    let failed = false
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
      if (found === null) {
        failed = true
        return null
      }
      met = [{ share, found }, ...met].slice(0, 2)
      if (found.value < lowest.value) lowest = found
      if (isElsewhere(found.y.y, here.y.y) && Math.abs(share) < nearest)
        [other, nearest] = [found, Math.abs(share)]
      return found.value - here.value
    }
    return {
      riseAt,
      failed: () => {
        const before = failed
        failed = false
        return before
      },
    }
  }
  let [gradient, flat, kinks, unknown] = [0, true, false, false]
  const slopes: number[] = []
  for (const direction of directionsOf(x.length, seed)) {
    const { riseAt, failed } = along(direction)
    const [far, near] = radii.map((r): Rise => {
      const [up, down] = [riseAt(r), riseAt(-r)]
      const rise = { up, down, failed: failed() }
      if (up !== null && down !== null) {
        const [a, b] = [(up + down) / 2, (up - down) / 2]
        // The minimum lies between the three, and is lower than x by more than nothing.
        if (a > 0 && Math.abs(b) < 2 * a && b * b > 4 * a * tolerance) riseAt((-b / (2 * a)) * r)
      }
      return rise
    })
    const beyond = near!.failed ? fallsBeyond(far!, near!) : 0
    const blind = near!.failed && near!.up === null && near!.down === null
    unknown ||= blind || beyond * radii[0] > tolerance
    // The smaller of two: V is a difference of large values, whose rounding shows at the nearer radius first.
    const slope = Math.max(beyond, Math.min(slopeOf(far!) / radii[0], slopeOf(near!) / radii[1]))
    gradient = Math.max(gradient, slope)
    flat &&= slope * radii[0] <= tolerance || isSettled(far!, near!, tolerance)
    kinks ||= sharp(far!.up, near!.up) && sharp(far!.down, near!.down)
    slopes.push(near!.up !== null && near!.down !== null ? near!.up - near!.down : 0)
  }
  for (const direction of furtherOf(x.length, seed, slopes)) {
    const { riseAt } = along(direction)
    for (const share of [radii[0], -radii[0]]) riseAt(share)
  }
  return { gradient, lowest, flat, kinks, other, unknown }
}

/** Halvings of the way between two points: more than float64 has digits. */
const halvings = 100

/** The x between two points at which their minimizers of f have the same f; `null` if one is better at both points. */
export const switchingPoint = ({ lowerLevel }: CompleteProblem, from: Value, to: Value): Vec | null => {
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
