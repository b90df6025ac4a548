/**
 * Fits a surface to samples over the unit square, for pictures: a Gaussian process. Length scale and noise maximize the
 * evidence. Both axes share one length scale, since samples along a line could not determine two.
 *
 * With the covariance σ²(K + r·I), the best σ² is zᵀz / n, where z is the values whitened by K + r·I. The evidence is then
 * −½ n ln σ² − ½ ln|K + r·I| plus a constant.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as A from 'fp-ts/lib/ReadonlyArray.js'
import * as GaussianProcess from '../../../core/surrogate/gp/GaussianProcess.js'

/** A value at a point of the unit square. */
export interface Knot {
  readonly unit: readonly [number, number]
  readonly value: number
}

/** The value at a point, or `null` if it is too uncertain. */
export type Surface = (unit: readonly [number, number]) => number | null

const lengths = [0.1, 0.15, 0.2, 0.3, 0.45, 0.7]
const noises = [1e-6, 1e-4, 1e-3, 1e-2, 1e-1]

/** Beyond this distance from the nearest sample, in the unit square, the surface has no value. */
const farthest = 0.2

interface Fitted {
  readonly gp: GaussianProcess.Gp
  readonly variance: number
  readonly evidence: number
}

const fitted = (knots: ReadonlyArray<Knot>, mean: number, length: number, noise: number): O.Option<Fitted> =>
  pipe(
    knots.map(({ unit, value }) => ({
      x: unit,
      value: value - mean,
      gradient: null,
      valueNoise: 1,
      gradientNoise: [],
    })),
    GaussianProcess.conditionOn({
      kernel: 'matern52',
      signalVariance: 1,
      lengthScales: [length, length],
      noiseVariance: noise,
      gradientNoiseVariance: 1,
    }),
    E.map(gp => {
      const n = knots.length
      const squares = gp.whitened.reduce((sum, z) => sum + z * z, 0)
      const variance = Math.max(squares / n, 1e-12)
      const halfLogDeterminant =
        -GaussianProcess.logDensity(gp) - 0.5 * squares - 0.5 * n * Math.log(2 * Math.PI)
      return { gp, variance, evidence: -0.5 * n * Math.log(variance) - halfLogDeterminant }
    }),
    O.fromEither,
  )

/** The most samples of a fit; more would cost time without a visible effect. */
const mostKnots = 150

/** At most `count` entries, evenly spread. */
const thinned = <A>(entries: ReadonlyArray<A>, count: number): ReadonlyArray<A> =>
  entries.length <= count
    ? entries
    : Array.from({ length: count }, (_, i) => entries[Math.floor((i * entries.length) / count)]!)

/**
 * Fits a surface. It has no value where its standard deviation exceeds `uncertain`. `None` for fewer than three samples.
 */
export const surface =
  (uncertain: number) =>
  (all: ReadonlyArray<Knot>): O.Option<Surface> => {
    if (all.length < 3) return O.none
    const knots = thinned(all, mostKnots)
    const mean = knots.reduce((sum, { value }) => sum + value, 0) / knots.length
    const [first, ...rest] = pipe(
      lengths.flatMap(length => noises.map(noise => fitted(knots, mean, length, noise))),
      A.compact,
    )
    if (first === undefined) return O.none
    const best = rest.reduce(
      (most, candidate) => (candidate.evidence > most.evidence ? candidate : most),
      first,
    )
    const at = GaussianProcess.marginal(best.gp)
    return O.some(unit => {
      if (!knots.some(knot => Math.hypot(knot.unit[0] - unit[0], knot.unit[1] - unit[1]) <= farthest))
        return null
      const { mean: above, variance } = at(unit)
      return Math.sqrt(best.variance * variance) <= uncertain ? mean + above : null
    })
  }
