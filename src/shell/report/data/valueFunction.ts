/** φ̂ along each coordinate through the λ that a run of the bilevel method returns. */
import * as t from 'io-ts'
import { slice } from '../../../core/bilevel/trajectory.js'
import { Finite, NonNegative, nullable } from '../../../core/codec/Codec.js'
import { resultOf, type Run } from '../Run.js'

export const PhiRow = t.readonly(
  t.strict({
    coordinate: t.string,
    /** λ_k, where k is the coordinate. */
    at: Finite,
    phiHat: Finite,
    deviation: NonNegative,
    bound: nullable(Finite),
  }),
  'PhiRow',
)
/** φ̂, its standard deviation, and the envelope's bound, at one λ. */
export type PhiRow = t.TypeOf<typeof PhiRow>

export const SampleRow = t.readonly(
  t.strict({
    coordinate: t.string,
    at: Finite,
    value: Finite,
    /** ∂φ/∂λ_k there; `null` if it was not observed. */
    slope: nullable(Finite),
  }),
  'SampleRow',
)
/** A sample of φ on which φ̂ is conditioned. */
export type SampleRow = t.TypeOf<typeof SampleRow>

/** The data of the figure of one run's φ̂. */
export interface PhiData {
  readonly run: string
  readonly lambda: ReadonlyArray<number>
  readonly rows: ReadonlyArray<PhiRow>
  readonly samples: ReadonlyArray<SampleRow>
  /** The number of samples that were dropped to make room for later ones. */
  readonly forgotten: number
  /** The number of hyperparameters that are not drawn. */
  readonly leftOut: number
  /** The number of hyperparameters. With one, every sample lies on the slice; with more, samples lie beside it. */
  readonly dimension: number
}

/** The most panels; more would be unreadable. */
const mostCoordinates = 6
const points = 161

/** The data for a run; `null` if it has no φ̂. */
export const phiData = ({
  name,
  phi,
  outcome,
  method,
  steps,
}: Pick<Run, 'name' | 'phi' | 'outcome' | 'method' | 'steps'>): PhiData | null => {
  const lambda =
    resultOf({ outcome, method })?.lambda ?? steps.findLast(({ info }) => info.lambda)?.info.lambda
  if (phi === null || lambda === undefined || lambda === null) return null
  const shown = phi.space.slice(0, mostCoordinates)
  return {
    run: name,
    lambda,
    rows: shown.flatMap(({ name: coordinate }, k) =>
      slice(k, lambda, points)(phi).map(point => ({ coordinate, ...point })),
    ),
    samples: shown.flatMap(({ name: coordinate }, k) =>
      phi.samples.map(sample => ({
        coordinate,
        at: sample.lambda[k]!,
        value: sample.value,
        slope: sample.gradient?.[k] ?? null,
      })),
    ),
    forgotten: phi.forgotten,
    leftOut: phi.space.length - shown.length,
    dimension: phi.space.length,
  }
}
