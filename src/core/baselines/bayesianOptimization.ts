/**
 * Bayesian optimization: a Gaussian process models the validation loss after complete training. The next λ is the one
 * with the greatest expected improvement (Jones, Schonlau & Welch 1998; Snoek, Larochelle & Adams 2012).
 *
 * The kernel is Matérn 5/2 with a length scale for each hyperparameter. Its hyperparameters and the noise are fitted
 * again for every λ, by maximum a posteriori. The value to improve on is the lowest posterior mean at the λ tried so
 * far, not the lowest observed value, which noise may have produced (Letham et al. 2019, §2; Gramacy & Lee 2011). Its λ
 * is returned. L-BFGS maximises ln EI from several starts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, nullable } from '../codec/Codec.js'
import { options } from '../codec/options.js'
import { seedRule } from '../codec/seed.js'
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
    /** Points of the initial Sobol' design; `null`: 2(d + 1). */
    initial: nullable(Count),
  }),
  'BayesianConfig',
)
/** The options of Bayesian optimization. */
export type BayesianConfig = t.TypeOf<typeof Full>

/** All defaults. Matérn 5/2: Snoek, Larochelle & Adams 2012, §3.1. */
export const defaults = { ...trialDefaults, kernel: 'matern52', initial: null } as const

type State = Known<BayesianConfig, null>

/** A trained trial, and the posterior mean there. */
interface Incumbent {
  readonly trial: Trained
  readonly mean: number
}

const modelled = ({ config: { space, kernel }, trials }: State): E.Either<unknown, GaussianProcess.Gp> =>
  modelOf(space, kernel, trials)

/** The trained trial with the lowest posterior mean. */
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

/** The next points of the Sobol' sequence, for when there is no model. */
const unlearnt = ({ config: { seed, space }, trials }: State, count: number): ReadonlyArray<Vec> =>
  sobolPoints(seed, SearchSpace.dimension(space), trials.length, count)

/** The point of greatest expected improvement; `null` if there is no model, or if it proposes no new point. */
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
  config: options<BayesianConfig>(Full, { defaults, rules: [seedRule] }),
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
  // Any trial, however old, may become the incumbent.
  keep: ({ trials }) => trials.filter(isTrained).map(({ weights }) => weights),
}

/** The state of {@link bayesianOptimization}. */
export type BayesianState = TrialState<BayesianConfig, null>

/**
 * Bayesian optimization as a method: trains at a Sobol' design first, then where a Gaussian process over the validation losses
 * expects the largest improvement E max(0, b − F(λ)).
 *
 * Errors of `init`: `InvalidConfig` for a space or a budget that cannot be used. Source: Snoek, Larochelle & Adams 2012; Jones,
 * Schonlau & Welch 1998.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { bayesianOptimization, type BayesianConfig, type BayesianState, decode } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { space, world } = Simulate.ridge({ a: [3], b: [2] })
 * const config: E.Either<string, BayesianConfig> = decode(bayesianOptimization.config)({ space, budget: { lowerLevelSolves: 10 } })
 * const run: Simulate.Run<BayesianState> | null = E.isRight(config) ? Simulate.drive(bayesianOptimization)(config.right, world) : null
 * const [found = NaN] = run?.transitions.at(-1)?.info.outcome?.rows.at(-1)?.lambda ?? []
 * // Ten trainings: much nearer to ln ½ than ten points of a grid would be.
 * Math.abs(found - Math.log(0.5)) < 0.3 // => true
 * ```
 */
export const bayesianOptimization: Method<BayesianConfig, BayesianState> = trialMethod(strategy)
