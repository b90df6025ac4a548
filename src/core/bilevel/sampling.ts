/**
 * Sampling: the first phase. Lower-level solves from the initial weights at the points of the initial design.
 *
 * `sample` asks for the losses of the initial weights (a descent of no steps), and for one solve per point. From the
 * answers `finishSampling` makes
 *
 * - the scales s_F and s_f: the largest gain of training over the initial weights among the samples,
 * - φ̂, conditioned on every sample and fitted,
 * - the start of the search: the sample whose weights validate best, with μ₀, ρ₀ and ε₀ from the scales (dual.ts).
 *
 * Out: the transition that asks for the first pair of descents. A failed solve is left out; if all fail, the method
 * halts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { sufficient } from '../protocol/Budget.js'
import { completeTraining } from '../finishing/finishing.js'
import type { Unnumbered } from '../protocol/Asking.js'
import { inOrder } from '../protocol/Batch.js'
import { initialWeights } from '../protocol/Command.js'
import type { Transition } from '../protocol/Method.js'
import { invalidConfig, type MethodError } from '../protocol/MethodError.js'
import type { Observation } from '../protocol/Observation.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import { proceed } from './transitions.js'
import type { BilevelConfig } from './BilevelConfig.js'
import { dualStart } from './dual.js'
import { minimise } from './enter.js'
import { haltWithoutSample } from './finishing.js'
import { descentEpochs } from './spending.js'
import { sampleOf, type Scales, type Solved, solvedFrom } from './iterates.js'
import type { Parts } from './Parts.js'
import type { Surrogate } from './parts/Surrogate.js'
import type { BilevelState, Search } from './BilevelState.js'

const refused = (problem: string): E.Either<MethodError, never> =>
  E.left(
    invalidConfig('design', `The initial design ${problem}. Change \`design\`, or the part of that name.`),
  )

/** The points of the initial design, if the search can start from them. */
const designPoints =
  ({ design }: Pick<Parts, 'design'>) =>
  (config: BilevelConfig): E.Either<MethodError, ReadonlyArray<ReadonlyArray<number>>> =>
    pipe(
      design.points(config),
      E.flatMap(points => {
        if (points.length === 0) return refused('has no points')
        const outside = points.findIndex(point => !SearchSpace.contains(config.space)(point))
        return outside < 0 ? E.right(points) : refused(`leaves the search space with its point ${outside}`)
      }),
      // The budget of solves does not limit the design. A budget of effort must cover it, and a descent after it.
      E.chainFirst(points =>
        sufficient(
          'the initial design',
          0,
          // One epoch for the losses of the initial weights.
          1 + points.length * config.solve.coldEpochs + descentEpochs(config),
        )(config),
      ),
    )

/**
 * The first transition: asks for the losses of the initial weights, and for a lower-level solve at every point of the
 * design.
 */
export const sample =
  <V, R>(parts: Parts<V, R>) =>
  (config: BilevelConfig): E.Either<MethodError, Transition<BilevelState<V, R>>> =>
    pipe(
      designPoints(parts)(config),
      E.map(points => {
        const measure: Unnumbered = {
          _tag: 'DescendWeights',
          lambda: points[0]!,
          from: initialWeights,
          upperCoefficient: 0,
          lowerCoefficient: 1,
          steps: 0,
          batchSize: config.pair.batchSize,
          stepScale: 1,
          stream: 0,
        }
        const state: BilevelState<V, R> = {
          config,
          phase: { _tag: 'Sampling' },
          batch: { questions: [], answers: [] },
          nextId: 0,
          held: [],
          lowerLevelSolves: points.length,
          effort: 0,
          sampling: { lowerLevelSolves: points.length, effort: 0 },
          bestSample: null,
          known: [],
          surrogate: null,
        }
        return proceed(state, [measure, ...points.map(completeTraining(config))], {
          message: `Sampling the value function at ${points.length} points.`,
        })
      }),
    )

/** A gain below this share of the loss is chance or rounding. */
const negligible = 1e-6

/**
 * The units of F and f: the largest gain of training over the initial weights among the samples. If there is no gain (a
 * problem that starts at its solution), the size of the loss; if that is zero, 1.
 */
const scalesOf = (initial: Observation | undefined, samples: ReadonlyArray<Solved>): Scales => {
  const scale = (of: (losses: Pick<Solved, 'upper' | 'lower'>) => number): number => {
    const gains =
      initial?._tag === 'WeightsDescended' ? samples.map(sampled => Math.abs(of(initial) - of(sampled))) : []
    const sizes = samples.map(sampled => Math.abs(of(sampled)))
    const [gain, size] = [Math.max(0, ...gains), Math.max(0, ...sizes)]
    if (gain > negligible * size) return gain
    return size > 0 ? size : 1
  }
  return { upper: scale(({ upper }) => upper), lower: scale(({ lower }) => lower) }
}

const searchFrom = <V, R>(
  parts: Parts<V, R>,
  config: BilevelConfig,
  scales: Scales,
  best: Solved,
): Search<R> => ({
  outerIteration: 0,
  innerIteration: 0,
  failures: 0,
  lambda: best.lambda,
  base: best,
  anchor: best.lambda,
  stepScale: 1,
  relaxed: null,
  earlier: null,
  lastCoefficient: null,
  best: null,
  descent: parts.descent.start(config),
  ...dualStart(parts)(config, scales),
  path: [best.lambda],
  scales,
})

const surrogateOf = <V>(
  { prior, observe, consolidate }: Surrogate<V>,
  config: BilevelConfig,
  samples: ReadonlyArray<Solved>,
): E.Either<MethodError, V> =>
  pipe(
    samples.reduce<E.Either<MethodError, V>>(
      (surrogate, solved) => pipe(surrogate, E.flatMap(observe(sampleOf(solved)))),
      prior(config),
    ),
    E.flatMap(consolidate),
  )

/** Handles the samples: fits the surrogate, and starts the search from the sample whose weights validate best. */
export const finishSampling =
  <V, R>(parts: Parts<V, R>) =>
  (state: BilevelState<V, R>): E.Either<MethodError, Transition<BilevelState<V, R>>> => {
    const { questions } = state.batch
    const answers = inOrder(state.batch)
    const samples = questions.flatMap((question, i): ReadonlyArray<Solved> => {
      const answer = answers[i]
      return question._tag === 'SolveLowerLevel' && answer?._tag === 'LowerLevelSolved'
        ? [solvedFrom(question.lambda, answer)]
        : []
    })
    const [first, ...rest] = samples
    if (first === undefined) return E.right(haltWithoutSample(state, answers))
    const best = rest.reduce((least, solved) => (solved.upper < least.upper ? solved : least), first)
    const failed = state.lowerLevelSolves - samples.length
    return pipe(
      surrogateOf(parts.surrogate, state.config, samples),
      E.map(surrogate =>
        minimise(parts)(
          {
            ...state,
            surrogate,
            sampling: { lowerLevelSolves: state.lowerLevelSolves, effort: state.effort },
            bestSample: best,
            known: samples,
          },
          searchFrom(parts, state.config, scalesOf(answers[0], samples), best),
          {
            upperLoss: best.upper,
            lowerLoss: best.lower,
            message:
              `Starting from the best of ${samples.length} samples` +
              (failed === 0 ? '.' : `; ${failed} could not be trained and were left out.`),
          },
        ),
      ),
    )
  }
