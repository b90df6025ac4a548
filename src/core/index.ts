/**
 * bilevel-hpo: the pure core.
 *
 * - {@link solveBilevel} solves a bilevel problem that is given as functions.
 * - {@link bilevel} is the method as a deterministic step function, to embed in your own training loop.
 * - {@link Bilevel.make} and {@link Parts} assemble the same method with one of its parts replaced by yours.
 * - {@link tracking} is the method for networks whose lower level is too expensive to solve often.
 * - {@link gridSearch}, {@link randomSearch}, {@link bayesianOptimization} and {@link hyperband} are its rivals.
 * - {@link GaussianProcess} and {@link ValueFunction} are the surrogate.
 *
 * @module bilevel-hpo
 */
export {
  bayesianOptimization,
  type BayesianConfig,
  type BayesianState,
} from './baselines/bayesianOptimization.js'
export { type Bracket, type BracketOptions, brackets, type Rung } from './baselines/brackets.js'
export { gridSearch, type GridSearchConfig, type GridSearchState } from './baselines/gridSearch.js'
export { hyperband, type HyperbandConfig, type HyperbandState } from './baselines/hyperband.js'
export { randomSearch, type RandomSearchConfig, type RandomSearchState } from './baselines/randomSearch.js'
export { type Trial } from './baselines/Trial.js'
export { type TrialState } from './baselines/trialMethod.js'
export * as AugmentedLagrangian from './bilevel/AugmentedLagrangian.js'
export * as Bilevel from './bilevel/Bilevel.js'
export { bilevel } from './bilevel/Bilevel.js'
export type { BilevelConfig } from './bilevel/BilevelConfig.js'
export * as Parts from './bilevel/Parts.js'
export type { BilevelState } from './bilevel/BilevelState.js'
export { type Certificate } from './inMemory/Certificate.js'
export { checkGradients, type CheckOptions, type GradientMismatch } from './inMemory/checkGradients.js'
export { type BilevelProblem, type Evaluated, type Level } from './inMemory/BilevelProblem.js'
export { type BilevelSolution, solveBilevel, solveBilevelWith } from './inMemory/solveBilevel.js'
export { type SolveOptions, type SolveProgress } from './inMemory/SolveOptions.js'
export * as Design from './numeric/Design.js'
export * as Lbfgs from './numeric/Lbfgs.js'
export * as Rng from './numeric/Rng.js'
export * as Asking from './protocol/Asking.js'
export * as Batch from './protocol/Batch.js'
export * as Budget from './protocol/Budget.js'
export * as Codec from './codec/Codec.js'
export { decode } from './codec/Codec.js'
export * as Command from './protocol/Command.js'
export type { Info, Outcome, ResultRow } from './protocol/Info.js'
export type { Method, Transition } from './protocol/Method.js'
export type { MethodError } from './protocol/MethodError.js'
export * as Observation from './protocol/Observation.js'
export * as Replay from './log/Replay.js'
export * as RunLog from './log/RunLog.js'
export * as SearchSpace from './protocol/SearchSpace.js'
export * as Acquisition from './surrogate/Acquisition.js'
export * as Envelope from './surrogate/Envelope.js'
export * as GaussianProcess from './surrogate/gp/GaussianProcess.js'
export * as StructuredGp from './surrogate/structured/StructuredGp.js'
export { tracking } from './tracking/tracking.js'
export type { TrackingConfig } from './tracking/TrackingConfig.js'
export type { TrackingState } from './tracking/TrackingState.js'
export * as ValueFunction from './surrogate/ValueFunction.js'
