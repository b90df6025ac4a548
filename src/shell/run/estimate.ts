/**
 * How long a run may take at most: the epochs that its configuration allows, times the seconds of an epoch, which are
 * measured by a short training.
 */
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { initialWeights } from '../../core/protocol/Command.js'
import type { Backend } from '../backend/Backend.js'
import type { ShellError } from '../base/ShellError.js'
import type { RunConfig } from '../config/RunConfig.js'
import { size, type ImageSet } from '../data/set/ImageSet.js'
import { hyperparametersOf, type Hyperparameters } from '../model/Hyperparameters.js'
import type { Interpreter } from '../record/Interpreter.js'
import type { Problem } from '../train/Problem.js'
import { networkInterpreter } from '../work/networkInterpreter.js'

const Searching = t.type({
  solve: t.type({ coldEpochs: t.number }),
  budget: t.type({ lowerLevelSolves: t.number, effortEpochs: t.union([t.number, t.null]) }),
  retrain: t.boolean,
  refit: t.boolean,
})

/** A method that also descends on the weights, as the bilevel method does. */
const Descending = t.type({
  pair: t.type({ steps: t.number, batchSize: t.union([t.number, t.null]), innerIterations: t.number }),
  budget: t.type({ outerIterations: t.number }),
})

/** The result of a method: λ by the method, and the best of its first samples. */
const mostFinalists = 2

/**
 * The most epochs of the training set that a method's configuration allows, or `null` if it has none of the usual fields.
 * The search is limited by its budget; then every λ to return is trained completely, and again on both sets.
 */
export const mostEpochs = (settings: unknown, train: number, validation: number): number | null => {
  if (!Searching.is(settings)) return null
  const { solve, budget, retrain, refit } = settings
  // Two paths on the training set and one on the validation set in each step, and the gradients at both ends.
  const descents = Descending.is(settings)
    ? settings.budget.outerIterations *
      settings.pair.innerIterations *
      (2 + (3 * settings.pair.steps * Math.min(settings.pair.batchSize ?? train, train)) / train)
    : 0
  const search = Math.min(
    budget.effortEpochs ?? Infinity,
    budget.lowerLevelSolves * solve.coldEpochs + descents,
  )
  const finalists = Descending.is(settings) ? mostFinalists : 1
  const finishing = (retrain ? 1 : 0) + (refit ? (train + validation) / train : 0)
  return search + finalists * solve.coldEpochs * finishing
}

/** The largest part of the training set that is trained on to measure. */
const mostExamples = 1000

/** Seconds that the measurement should take. */
const enough = 0.5

const first = (set: ImageSet, count: number): ImageSet => {
  const { images, labels, shape, classes } = set
  const kept = Math.min(count, size(set))
  return {
    images: images.subarray(0, (images.length / size(set)) * kept),
    labels: labels.subarray(0, kept),
    shape,
    classes,
  }
}

/** Measures the seconds of an epoch of the whole training set, in one thread. Errors: as those of a run. */
export const secondsOfEpoch = (
  backend: Backend,
  problem: Problem,
  { hyperparameters: section }: RunConfig,
): TE.TaskEither<ShellError, number> => {
  const train = first(problem.splits.train, mostExamples)
  const splits = { train, validation: first(problem.splits.validation, mostExamples / 5), test: null }
  const timed =
    (interpreter: Interpreter, { space }: Hyperparameters) =>
    (id: number, maxEpochs: number): TE.TaskEither<ShellError, number> =>
    async () => {
      const began = performance.now()
      const answer = await interpreter.answer({
        _tag: 'SolveLowerLevel',
        id,
        lambda: space.map(({ lower, upper }) => lower + (upper - lower) / 2),
        from: initialWeights,
        // So small that all epochs are used.
        tolerance: 1e-12,
        maxEpochs,
      })()
      const seconds = (performance.now() - began) / 1000
      return pipe(
        answer,
        E.map(found => (seconds * size(train)) / ('effort' in found ? Math.max(1, found.effort) : 1)),
      )
    }
  return pipe(
    TE.Do,
    TE.bind('hyperparameters', () => TE.fromEither(hyperparametersOf(problem.network, section, size(train)))),
    TE.bind('interpreter', ({ hyperparameters }) =>
      TE.fromEither(networkInterpreter(backend, { ...problem, splits, hyperparameters })),
    ),
    TE.chain(({ interpreter, hyperparameters }) => {
      const solve = timed(interpreter, hyperparameters)
      return TE.bracket(
        TE.right(interpreter),
        () =>
          pipe(
            // The first epoch also compiles and allocates.
            solve(0, 1),
            TE.chain(epoch =>
              solve(1, Math.max(1, Math.min(50, Math.round(enough / Math.max(1e-4, epoch))))),
            ),
          ),
        ({ dispose }) => TE.fromIO(dispose),
      )
    }),
    TE.map(seconds => (seconds * size(problem.splits.train)) / size(train)),
  )
}
