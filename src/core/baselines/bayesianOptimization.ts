/**
 * Bayesian optimization: a Gaussian process over what validates how well after complete training, and the next λ where
 * expected improvement is greatest (Jones, Schonlau & Welch 1998; Snoek, Larochelle & Adams 2012).
 *
 * The kernel is Matérn 5/2 with a length scale for each hyperparameter; its hyperparameters and the noise are fitted
 * anew, by maximum a posteriori, for every λ. What is to be improved on is the least posterior mean at the λ that were
 * tried, not the least value that was observed, which noise may have made (Letham et al. 2019, §2; Gramacy & Lee 2011),
 * and it is its λ that is returned. ln EI is maximised by L-BFGS from several starts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, nullable } from '../codec/Codec.js'
import { withDefaults } from '../codec/defaults.js'
import type { Method } from '../protocol/Method.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import * as GaussianProcess from '../surrogate/gp/GaussianProcess.js'
import { KernelName } from '../surrogate/gp/Kernel.js'
import { trialDefaults, trialFields, validated } from './TrialConfig.js'
import { maximiser } from './maximiser.js'
import { explainedBy, modelOf, shownNoise } from './modelOf.js'
import { sobolPoints } from './points.js'
import { budgetSpent, completeTrainings, type Known, type Strategy, tryCompletely } from './Strategy.js'
import { best, isTrained, type Trained } from './Trial.js'
import { trialMethod, type TrialState } from './trialMethod.js'

type Vec = ReadonlyArray<number>

const Full = t.readonly(
  t.strict({
    ...trialFields,
    kernel: KernelName,
    /** Points of the Sobol' design that is tried first; `null`: 2(d + 1). */
    initial: nullable(Count),
  }),
  'BayesianConfig',
)
/** What Bayesian optimization is configured with. */
export type BayesianConfig = t.TypeOf<typeof Full>

/** Every default. Matérn 5/2: Snoek, Larochelle & Adams 2012, §3.1. */
export const defaults = { ...trialDefaults, kernel: 'matern52', initial: null } as const

type State = Known<BayesianConfig, null>

/** A trained trial, and what the process says of it. */
interface Incumbent {
  readonly trial: Trained
  readonly mean: number
}

const modelled = ({ config: { space, kernel }, trials }: State): E.Either<unknown, GaussianProcess.Gp> =>
  modelOf(space, kernel, trials)

/** The trained trial with the least posterior mean. */
const incumbentOf = ({ config, trials }: State, gp: GaussianProcess.Gp): Incumbent | null =>
  trials.filter(isTrained).reduce<Incumbent | null>((leader, trial) => {
    const { mean } = GaussianProcess.marginal(gp)(SearchSpace.toUnit(config.space)(trial.lambda))
    return leader === null || mean < leader.mean ? { trial, mean } : leader
  }, null)

/**
 * The trial to return: of those that were not measured to be worse than another by more than the noise explains, the one
 * with the least posterior mean.
 */
const chosenBy = (known: State, gp: GaussianProcess.Gp): Trained | null => {
  const { config, trials } = known
  const incumbent = incumbentOf(known, gp)
  const measured = best(trials)
  if (incumbent === null || measured === null || incumbent.trial.upper === measured.upper)
    return incumbent?.trial ?? measured
  const explained = explainedBy(shownNoise(config.space, config.kernel, trials))
  const credible = trials.filter(trial => isTrained(trial) && trial.upper - measured.upper <= explained)
  return incumbentOf({ ...known, trials: credible }, gp)?.trial ?? measured
}

/** Two points this close together are one: to train there again would tell what is known. */
const sameness = 1e-6

const isNew = ({ config: { space }, trials }: State, unit: Vec): boolean =>
  trials.every(({ lambda }) => {
    const tried = SearchSpace.toUnit(space)(lambda)
    return unit.some((u, k) => Math.abs(u - tried[k]!) > sameness)
  })

/** The next points, where there is nothing to learn from: those of the Sobol' sequence. */
const unlearnt = ({ config: { seed, space }, trials }: State, count: number): ReadonlyArray<Vec> =>
  sobolPoints(seed, SearchSpace.dimension(space), trials.length, count)

/** The point of greatest expected improvement; `null` where there is no model, or it promises nothing new. */
const learnt = (known: State): Vec | null => {
  const { config, trials } = known
  if (trials.filter(isTrained).length < 2) return null
  return pipe(
    modelled(known),
    E.match(
      () => null,
      gp => {
        const incumbent = incumbentOf(known, gp)
        if (incumbent === null) return null
        const unit = SearchSpace.toUnit(config.space)(incumbent.trial.lambda)
        const next = maximiser(gp, { unit, mean: incumbent.mean }, config.seed, trials.length)
        return isNew(known, next) ? next : null
      },
    ),
  )
}

/** @internal */
export const strategy: Strategy<BayesianConfig, null> = {
  name: 'bayesian',
  config: withDefaults<BayesianConfig>(Full, defaults),
  plan: t.null,
  start: config =>
    pipe(
      validated(config),
      E.map(() => null),
    ),
  propose: (known, room) => {
    const { config, plan, trials } = known
    const left = completeTrainings(config, room)
    if (left === 0) return budgetSpent(trials.length)
    const initial = config.initial ?? 2 * (SearchSpace.dimension(config.space) + 1)
    const units =
      trials.length < initial
        ? unlearnt(known, Math.min(left, initial - trials.length))
        : [learnt(known) ?? unlearnt(known, 1)[0]!]
    return tryCompletely(config, plan, units.map(SearchSpace.fromUnit(config.space)))
  },
  choose: known =>
    pipe(
      modelled(known),
      E.match(
        () => best(known.trials),
        gp => chosenBy(known, gp),
      ),
    ),
  // Another trial may come to be the incumbent, be it as old as it may.
  keep: ({ trials }) => trials.filter(isTrained).map(({ weights }) => weights),
}

/** The state of {@link bayesianOptimization}. */
export type BayesianState = TrialState<BayesianConfig, null>

/** Bayesian optimization as a method. */
export const bayesianOptimization: Method<BayesianConfig, BayesianState> = trialMethod(strategy)
