/**
 * The options that grid search, random search, Bayesian optimization and Hyperband share. Options that the bilevel
 * method also has use its names, meanings and defaults, so that every method solves the same problem.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { budgetFields, sufficient, TrainingExamples } from '../protocol/Budget.js'
import { Natural, Positive } from '../codec/Codec.js'
import type { MethodError } from '../protocol/MethodError.js'
import * as SearchSpace from '../protocol/SearchSpace.js'

/** The fields of {@link TrialConfig}. */
export const trialFields = {
  space: SearchSpace.SearchSpace,
  seed: Natural,
  trainingExamples: TrainingExamples,
  solve: t.readonly(
    t.strict({
      /** A training ends before its epochs are used up once ‖∇_w f‖₂ is at most this. */
      tolerance: Positive,
      /** Budget of a complete training, from the initial weights, in epochs. */
      coldEpochs: Positive,
    }),
    'SolveOptions',
  ),
  budget: t.readonly(t.strict(budgetFields), 'BudgetOptions'),
  /**
   * At the end, measure completely trained weights at the λ to return, and train them first if the search has not.
   * Without it the search returns its own weights, and nothing is measured.
   */
  retrain: t.boolean,
  /** Then train on the union of training and validation set. */
  refit: t.boolean,
} as const

/** The codec of the options that all these methods share. */
export const TrialConfig = t.readonly(t.strict(trialFields), 'TrialConfig')
/** The options that every method of trials has. */
export type TrialConfig = t.TypeOf<typeof TrialConfig>

/** The defaults of {@link trialFields}; they are the bilevel method's. */
export const trialDefaults = {
  seed: 0,
  trainingExamples: null,
  solve: { tolerance: 1e-3, coldEpochs: 100 },
  budget: { lowerLevelSolves: 15, effortEpochs: null },
  retrain: true,
  refit: true,
} as const

/** The configuration, if its space is valid and its budget covers a complete training. Errors: `InvalidConfig`. */
export const validated = <C extends TrialConfig>(config: C): E.Either<MethodError, C> =>
  pipe(
    SearchSpace.make(config.space),
    E.flatMap(() => sufficient('a complete training', 1, config.solve.coldEpochs)(config)),
  )
