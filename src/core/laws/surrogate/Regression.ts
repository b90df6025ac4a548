/** Examines Gaussian-process regression at fixed hyperparameters, the basis of φ̂. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as fc from 'fast-check'
import type { GpObservation, Hyperparameters } from '../../surrogate/gp/Gp.js'
import type { Posterior } from '../../surrogate/gp/Posterior.js'
import type { MethodError } from '../../protocol/MethodError.js'
import { examine, type Options } from '../examine.js'
import { thousandths, units } from '../numbers.js'
import type { Report } from '../Report.js'
import { type RegressionCase, type RegressionEvidence, regressionLaws } from './regressionLaws.js'

type Vec = ReadonlyArray<number>

/** The functions under examination, with the types of `GaussianProcess`. */
export interface Regression<G> {
  readonly conditionOn: (
    hyperparameters: Hyperparameters,
  ) => (observations: ReadonlyArray<GpObservation>) => E.Either<MethodError, G>
  readonly append: (observation: GpObservation) => (gp: G) => E.Either<MethodError, G>
  readonly posterior: (gp: G) => (x: Vec) => Posterior
}

const cases: fc.Arbitrary<RegressionCase> = fc.integer({ min: 1, max: 3 }).chain(d =>
  fc.record({
    kernel: fc.constantFrom('rbf' as const, 'matern52' as const),
    signalVariance: thousandths(0.1, 4),
    lengthScale: thousandths(0.2, 2),
    points: fc.array(
      fc.record({
        x: units(d),
        y: thousandths(-3, 3),
        slope: fc.option(thousandths(-3, 3), { nil: null }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    query: units(d),
    noise: thousandths(0.001, 0.5),
  }),
)

/**
 * Examines a Gaussian-process regression.
 *
 * @example
 * ```ts
 * import { GaussianProcess } from 'bilevel-hpo'
 * import { Laws, type Regression } from 'bilevel-hpo/laws'
 *
 * const subject: Regression<GaussianProcess.Gp> = GaussianProcess
 * Laws.passed(Laws.regression(subject)({ runs: 5 })) // => true
 * ```
 */
export const regression =
  <G>({ conditionOn, append, posterior }: Regression<G>) =>
  (options: Options = {}): Report =>
    examine<RegressionCase, RegressionEvidence>(
      {
        subject: 'regression',
        cases,
        evidence: one => {
          const hyperparameters: Hyperparameters = {
            kernel: one.kernel,
            signalVariance: one.signalVariance,
            lengthScales: one.query.map(() => one.lengthScale),
            noiseVariance: 1,
            gradientNoiseVariance: 1,
          }
          const observations = one.points.map(({ x, y, slope }): GpObservation => ({
            x,
            value: y,
            gradient: slope === null ? null : x.map(() => slope),
            valueNoise: one.noise,
            gradientNoise: slope === null ? [] : x.map(() => one.noise),
          }))
          const condition = conditionOn(hyperparameters)
          return {
            one,
            observations,
            after: (known, x) =>
              pipe(
                condition(known),
                E.map(gp => posterior(gp)(x)),
              ),
            appended: () =>
              pipe(
                observations
                  .slice(1)
                  .reduce(
                    (growing, observation) => pipe(growing, E.flatMap(append(observation))),
                    condition(observations.slice(0, 1)),
                  ),
                E.map(gp => posterior(gp)(one.query)),
              ),
          }
        },
        laws: regressionLaws,
      },
      options,
    )
