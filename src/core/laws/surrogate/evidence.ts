/**
 * The evidence for the laws of a surrogate: φ̂ learnt from samples of a known φ in closed form, and φ̂ learnt in other
 * units, in another order, and with one more sample.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { BilevelConfig } from '../../bilevel/BilevelConfig.js'
import type { Prediction, Surrogate } from '../../bilevel/parts/Surrogate.js'
import { decode } from '../../codec/Codec.js'
import type { MethodError } from '../../protocol/MethodError.js'
import type { SearchSpace } from '../../protocol/SearchSpace.js'
import { fromUnit } from '../../protocol/SearchSpace.js'
import type { Sample } from '../../surrogate/Sample.js'
import { deepFreeze } from '../deepFreeze.js'
import { type Ridge, ridgeSpace, ridgeValue, ridgeValueGradient } from '../simulate/Ridge.js'

type Vec = ReadonlyArray<number>

/**
 * A prediction that may include the gradient of its variance.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import type { FullPrediction } from 'bilevel-hpo/laws'
 *
 * // If a surrogate states the gradient of its variance, that is examined, too.
 * const full: FullPrediction = { mean: 0.3, variance: 1e-6, gradient: [0.05], varianceGradient: [0] }
 * const plain: Parts.Prediction = full
 * plain.mean // => 0.3
 * ```
 */
export type FullPrediction = Prediction & { readonly varianceGradient?: Vec }

/** A surrogate under examination. */
export type Subject<V> = Omit<Surrogate<V>, 'predict'> & {
  readonly predict: (lambda: Vec) => (phi: V) => FullPrediction
}

/** One case. Points are in the unit cube. */
export interface SurrogateCase {
  /** φ(λ) = Σ a²·θ/(1 + θ), θ = exp λ, over λ in [−4, 4]^d. */
  readonly ridge: Ridge
  readonly config: BilevelConfig
  readonly points: ReadonlyArray<Vec>
  /** One more sample, added after the others were consolidated. */
  readonly extra: Vec
  readonly query: Vec
  /** Whether samples include ∇φ. */
  readonly gradients: boolean
  /** Standard deviation of the noise that samples state, as a share of a₁²; `null`: not known. */
  readonly noise: number | null
  /** Other units: f' = shift·a₁² + 2^doublings·f, and λ' = offset + stretch·λ. */
  readonly units: {
    readonly shift: number
    readonly doublings: number
    readonly offset: number
    readonly stretch: number
  }
}

/** φ̂ at some stage, with its type hidden. */
export interface Learnt {
  readonly predict: (lambda: Vec) => FullPrediction
  /** φ̂ after more samples, in this order. */
  readonly observe: (samples: ReadonlyArray<Sample>) => E.Either<MethodError, Learnt>
  /** φ̂ sent through JSON and its codec. */
  readonly revived: () => E.Either<string, Learnt>
  readonly text: () => string
}

export interface SurrogateEvidence {
  readonly one: SurrogateCase
  readonly space: SearchSpace
  readonly samples: ReadonlyArray<Sample>
  readonly extra: Sample
  readonly query: Vec
  readonly truth: (lambda: Vec) => number
  /** The range of φ; errors are measured relative to it. */
  readonly range: number
  /** Learnt from all samples, and consolidated. */
  readonly learnt: () => E.Either<MethodError, Learnt>
  /** Learnt from other samples, and consolidated. */
  readonly learntFrom: (samples: ReadonlyArray<Sample>) => E.Either<MethodError, Learnt>
  /** The same as `learnt` once more, with everything that is passed in frozen. */
  readonly again: () => E.Either<MethodError, Learnt>
  readonly grown: () => E.Either<MethodError, Learnt>
  /**
   * Learnt in other units of f, by a power of two, so that no digit is lost; with `shifted`, its zero moves as well.
   */
  readonly rescaled: (zero: 'same' | 'shifted') => E.Either<MethodError, Learnt>
  /** Learnt in other units of λ, by a power of two; with `shifted`, its zero moves as well. */
  readonly moved: (zero: 'same' | 'shifted') => E.Either<MethodError, Learnt>
  readonly toMoved: (zero: 'same' | 'shifted') => (lambda: Vec) => Vec
}

const stage = <V>(subject: Subject<V>, phi: V): Learnt => ({
  predict: lambda => subject.predict(lambda)(phi),
  observe: samples =>
    pipe(
      samples.reduce<E.Either<MethodError, V>>(
        (learning, sample) => pipe(learning, E.flatMap(subject.observe(sample))),
        E.right(phi),
      ),
      E.map(after => stage(subject, after)),
    ),
  revived: () =>
    pipe(
      decode(subject.state)(JSON.parse(JSON.stringify(phi))),
      E.map(after => stage(subject, after)),
    ),
  text: () => JSON.stringify(phi),
})

const learn =
  <V>(subject: Subject<V>, pass: <A>(value: A) => A = value => value) =>
  (config: BilevelConfig, samples: ReadonlyArray<Sample>): E.Either<MethodError, Learnt> =>
    pipe(
      samples.reduce<E.Either<MethodError, V>>(
        (learning, sample) =>
          pipe(
            learning,
            E.flatMap(phi => subject.observe(pass(sample))(pass(phi))),
          ),
        subject.prior(pass(config)),
      ),
      E.flatMap(phi => subject.consolidate(pass(phi))),
      E.map(phi => stage(subject, phi)),
    )

const lazy = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | null = null
  return () => (made ??= { value: make() }).value
}

export const evidenceOf =
  <V>(subject: Subject<V>) =>
  (one: SurrogateCase): SurrogateEvidence => {
    const { ridge, units } = one
    const space = ridgeSpace(ridge, -4, 4)
    const config: BilevelConfig = { ...one.config, space }
    const size = ridge.a[0]! ** 2
    const noise = one.noise === null ? null : (one.noise * size) ** 2
    const at = (point: Vec): Sample => {
      const lambda = fromUnit(space)(point)
      return {
        lambda,
        value: ridgeValue(ridge, lambda),
        gradient: one.gradients ? ridgeValueGradient(ridge, lambda) : null,
        valueNoise: noise,
        gradientNoise: one.gradients ? noise : null,
      }
    }
    const samples = one.points.map(at)
    const learnt = lazy(() => learn(subject)(config, samples))
    const factor = 2 ** units.doublings
    const scaled = (gain: number) => (variance: number | null) =>
      variance === null ? null : variance * gain ** 2
    const rescale =
      (zero: 'same' | 'shifted') =>
      (sample: Sample): Sample => ({
        ...sample,
        value: (zero === 'same' ? 0 : units.shift * size) + factor * sample.value,
        gradient: sample.gradient?.map(g => factor * g) ?? null,
        valueNoise: scaled(factor)(sample.valueNoise),
        gradientNoise: scaled(factor)(sample.gradientNoise),
      })
    const coordinate =
      (zero: 'same' | 'shifted') =>
      (value: number): number =>
        (zero === 'same' ? 0 : units.offset) + units.stretch * value
    const toMoved = (zero: 'same' | 'shifted') => (lambda: Vec) => lambda.map(coordinate(zero))
    const move =
      (zero: 'same' | 'shifted') =>
      (sample: Sample): Sample => ({
        ...sample,
        lambda: toMoved(zero)(sample.lambda),
        gradient: sample.gradient?.map(g => g / units.stretch) ?? null,
        gradientNoise: scaled(1 / units.stretch)(sample.gradientNoise),
      })
    return {
      one,
      space,
      samples,
      extra: at(one.extra),
      query: fromUnit(space)(one.query),
      truth: lambda => ridgeValue(ridge, lambda),
      range: ridge.a.reduce((sum, a) => sum + a * a, 0),
      learnt,
      learntFrom: others => learn(subject)(config, others),
      again: lazy(() => learn(subject, deepFreeze)(config, samples)),
      grown: lazy(() =>
        pipe(
          learnt(),
          E.flatMap(phi => phi.observe([at(one.extra)])),
        ),
      ),
      rescaled: zero => learn(subject)(config, samples.map(rescale(zero))),
      moved: zero =>
        learn(subject)(
          {
            ...config,
            space: space.map(({ lower, upper, ...rest }) => ({
              ...rest,
              lower: coordinate(zero)(lower),
              upper: coordinate(zero)(upper),
            })),
          },
          samples.map(move(zero)),
        ),
      toMoved,
    }
  }
