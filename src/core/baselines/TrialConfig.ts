/**
 * The options that grid search, random search, Bayesian optimization and Hyperband have in common. Where the bilevel
 * method has them, too, names, meanings and defaults are its own, so that one problem is the same for all.
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
      /** ‖∇_w f‖₂ at which a training may end before its epochs are over. */
      tolerance: Positive,
      /** Budget of a complete training, from the initial weights, in epochs. */
      coldEpochs: Positive,
    }),
    'SolveOptions',
  ),
  budget: t.readonly(t.strict(budgetFields), 'BudgetOptions'),
  /**
   * At the end, measure weights trained completely at the λ to return, and train them where the search has not; without
   * it the search ends with the weights that it has, and nothing is measured.
   */
  retrain: t.boolean,
  /** After that, train on training and validation set together. */
  refit: t.boolean,
} as const

/** The codec of what all these methods are configured with. */
export const TrialConfig = t.readonly(t.strict(trialFields), 'TrialConfig')
/** What every method that tries one λ after the other is configured with. */
export type TrialConfig = t.TypeOf<typeof TrialConfig>

/** The defaults of {@link trialFields}: the bilevel method's. */
export const trialDefaults = {
  seed: 0,
  trainingExamples: null,
  solve: { tolerance: 1e-3, coldEpochs: 100 },
  budget: { lowerLevelSolves: 15, effortEpochs: null },
  retrain: true,
  refit: true,
} as const

/** The configuration, where its space is one, and its budget covers a complete training. Errors: `InvalidConfig`. */
export const validated = <C extends TrialConfig>(config: C): E.Either<MethodError, C> =>
  pipe(
    SearchSpace.make(config.space),
    E.flatMap(() => sufficient('a complete training', 1, config.solve.coldEpochs)(config)),
  )
