/**
 * Sampling the value function: lower-level solutions over an initial design, and what they say of the scales.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Design from '../numeric/Design.js'
import * as Rng from '../numeric/Rng.js'
import { inOrder } from '../protocol/Batch.js'
import { initialWeights } from '../protocol/Command.js'
import type { Transition } from '../protocol/Method.js'
import type { MethodError } from '../protocol/MethodError.js'
import type { Observation } from '../protocol/Observation.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import * as ValueFunction from '../surrogate/ValueFunction.js'
import { proceed, type Unnumbered } from './Asking.js'
import type { BilevelConfig } from './Config.js'
import * as Rule from './descent/Rule.js'
import { dualScales } from './dual.js'
import { coldSolve, minimise } from './enter.js'
import { haltWithoutSample } from './finishing.js'
import { type BilevelState, sampleOf, type Search, type Solved, solvedFrom } from './State.js'
import { initialEpsilon } from './Tolerance.js'

const unitDesign = ({ design, space, seed }: BilevelConfig): E.Either<MethodError, Design.Design> => {
  const d = SearchSpace.dimension(space)
  switch (design.kind) {
    case 'diagonal':
      return Design.diagonal(design.size, d)
    case 'grid':
      return Design.grid(design.size, d)
    case 'sobol':
      return pipe(
        Design.sobol(design.size, d)(Rng.make(seed, 1)),
        E.map(([points]) => points),
      )
    case 'latinHypercube':
      return pipe(
        Design.latinHypercube(design.size, d)(Rng.make(seed, 1)),
        E.map(([points]) => points),
      )
  }
}

/** The points of the initial design, as λ. */
const designPoints = (config: BilevelConfig): E.Either<MethodError, ReadonlyArray<ReadonlyArray<number>>> => {
  const box = config.space.map((parameter, k) => ({
    ...parameter,
    lower: config.design.lower?.[k] ?? parameter.lower,
    upper: config.design.upper?.[k] ?? parameter.upper,
  }))
  return pipe(
    unitDesign(config),
    E.map(points => points.map(SearchSpace.fromUnit(box)).map(SearchSpace.clamp(config.space))),
  )
}

/** The first transition: the losses of the initial weights, and a lower-level solve at every point of the design. */
export const sample = (config: BilevelConfig): E.Either<MethodError, Transition<BilevelState>> =>
  pipe(
    designPoints(config),
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
      const state: BilevelState = {
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
        fittedSamples: 0,
      }
      return proceed(state, [measure, ...points.map(coldSolve(config))], {
        message: `Sampling the value function at ${points.length} points.`,
      })
    }),
  )

/** A gain that is a smaller share of the loss is chance, or rounding. */
const negligible = 1e-6

/**
 * The units of F and f: what training gains over the initial weights, at most over the samples. Where it gains
 * nothing (a problem that starts at its solution), the size of the loss; where that is zero, 1.
 */
const scalesOf = (initial: Observation | undefined, samples: ReadonlyArray<Solved>): Search['scales'] => {
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

const searchFrom = (config: BilevelConfig, scales: Search['scales'], best: Solved): Search => {
  return {
    outerIteration: 0,
    innerIteration: 0,
    failures: 0,
    lambda: best.lambda,
    base: best,
    anchor: best.lambda,
    stepScale: 1,
    relaxed: null,
    best: null,
    descent: Rule.start(config.descent, SearchSpace.dimension(config.space)),
    multipliers: { ...dualScales(config, scales), infeasibility: null },
    epsilon: initialEpsilon(config.epsilon)(scales.lower),
    path: [best.lambda],
    scales,
  }
}

/** Rows that a fit looks at: a factor of so many, and its inverse, take a fraction of a millisecond. */
const fitRows = 60

/**
 * The fit starts from the hyperparameters before; a few iterations over the latest samples follow the drift. Two
 * samples are the least to fit to: where they alone have more rows, iterations are as many fewer as each costs more.
 *
 * Where φ̂ is only told, and judges the noise of what was measured at the very λ it was fed, the latest samples will
 * do; where it stands for φ, it remembers more of them.
 */
const fitting = ({ space, pair }: BilevelConfig): Partial<ValueFunction.Options> => {
  const rows = Math.max(fitRows, 2 * (SearchSpace.dimension(space) + 1))
  return {
    fitRows,
    fitStarts: 1,
    fitIterations: Math.max(10, Math.round(25 * (fitRows / rows) ** 3)),
    maxRows: pair.reference === 'surrogate' ? 400 : 200,
  }
}

const surrogateOf = (
  config: BilevelConfig,
  samples: ReadonlyArray<Solved>,
): E.Either<MethodError, ValueFunction.ValueFunction> => {
  const { space, kernel, linearInCoefficients } = config
  return pipe(
    samples.reduce<E.Either<MethodError, ValueFunction.ValueFunction>>(
      (surrogate, solved) => pipe(surrogate, E.flatMap(ValueFunction.observe(sampleOf(solved)))),
      ValueFunction.make(space, { ...fitting(config), kernel, linearInCoefficients }),
    ),
    E.flatMap(ValueFunction.refit),
  )
}

/** Every sample is in: fit the surrogate, and start the search from the sample whose weights validate best. */
export const finishSampling = (state: BilevelState): E.Either<MethodError, Transition<BilevelState>> => {
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
    surrogateOf(state.config, samples),
    E.map(surrogate =>
      minimise(
        {
          ...state,
          surrogate,
          fittedSamples: samples.length,
          sampling: { lowerLevelSolves: state.lowerLevelSolves, effort: state.effort },
          bestSample: best,
          known: samples,
        },
        searchFrom(state.config, scalesOf(answers[0], samples), best),
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
