/**
 * bilevel-hpo/shell: everything of `bilevel-hpo/runs`, plus training. It needs the optional dependencies (tfjs, readers of
 * data files). Importing it registers nothing and starts nothing.
 *
 * - {@link tune} and {@link resume}: whole runs of a configuration in a run folder, like the command line.
 * - {@link compare}: methods × seeds on one task, each run in its own process; {@link analyseComparison}: its results.
 * - {@link networkInterpreter}: answers any method's questions by training a network, for {@link recordRun} or your own
 *   loop. {@link chooseBackend}, {@link loadSplits}, {@link mlp} and {@link hyperparametersOf} create its arguments.
 * - {@link installKernels}: only the kernels that tfjs' wasm and cpu backends lack.
 *
 * @module bilevel-hpo/shell
 */
export * from './runs.js'

export { available as availableBackends, choose as chooseBackend } from './backend/chooseBackend.js'
export { BackendChoice, BackendName, type Availability, type Backend } from './backend/Backend.js'
export { installKernels } from './backend/kernels/install.js'

export {
  analyse as analyseComparison,
  type Analysis,
  type Duel,
  type Measure,
  type MedianReach,
  type Race,
  type Reached,
  type Standing,
  type Verdict,
} from './compare/result/Analysis.js'
export { allot, type Allot } from './compare/budget.js'
export { compare, type Compared, type CompareOptions } from './compare/compare.js'
export { compareFromFile, compareFromPreset, type CompareConfig } from './compare/CompareConfig.js'
export {
  Comparison,
  parse as parseComparison,
  read as readComparison,
  type FailedRun,
  type FinishedRun,
  type PendingRun,
  type RunEntry,
} from './compare/result/Comparison.js'
export { markdown as comparisonMarkdown } from './compare/text/markdown.js'
export type { Budget, Contender, Plan } from './compare/result/Plan.js'
export type { Seeds, Wanted } from './compare/prepare.js'
export type { WorkerModule } from './compare/Processes.js'
export { serve as serveComparison } from './compare/serve.js'
export type { Estimate, PairedDifference } from './compare/result/statistics.js'
export { comparisonTable } from './compare/text/table.js'
export {
  best as bestLoss,
  effortToReach,
  trajectory,
  type Point,
  type Scale,
  type Trajectory,
} from './compare/result/Trajectory.js'

export { fromFile as configFromFile, fromPreset as configFromPreset } from './config/configSource.js'
export type { NamedConfig } from './config/configSource.js'
export { presets, type Preset } from './config/presets.js'
export { decodeRunConfig, methodConfig, RunConfig } from './config/RunConfig.js'

export { DataConfig } from './data/DataConfig.js'
export type { ImageSet, Reading, Splits } from './data/set/ImageSet.js'
export type { Standardisation } from './data/set/Standardisation.js'
export { loadSplits, type LoadOptions } from './data/loadSplits.js'

export type { DataProgress } from './data/stored/DataProgress.js'
export type { FetchOptions } from './data/stored/StoredSet.js'

export { classWeights } from './model/families/classWeights.js'
export { exampleWeights } from './model/families/exampleWeights.js'
export type {
  Costs,
  Curved,
  Decay,
  ExampleLosses,
  Examples,
  Family,
  FamilyTerms,
  Penalty,
  Target,
  Term,
  TermAt,
} from './model/families/Family.js'
export { FamilyConfig, type L2Config, type PenaltyConfig } from './model/families/FamilyConfig.js'
export { groupingOf, type Grouping, type Per } from './model/families/Grouping.js'
export { l1 } from './model/families/l1.js'
export { l2 } from './model/families/l2.js'
export { labelSmoothing } from './model/families/labelSmoothing.js'
export { ownTerm, type OwnTerm, type TermBatch } from './model/families/OwnTerm.js'
export { tensorTerm, type OwnTensorTerm, type TensorBatch } from './model/families/tensorTerm.js'
export {
  checkFamily,
  type CheckOptions as CheckFamilyOptions,
  type CheckPoint,
  type Disagreement,
} from './model/checkFamily.js'
export {
  combined as combinedHyperparameters,
  hyperparametersOf,
  HyperparametersConfig,
  type Hyperparameters,
  type Terms,
} from './model/Hyperparameters.js'
export {
  convolution,
  dense,
  flatten,
  maxPool,
  type Layer,
  type ParameterShape,
  type Pass,
  type Shape,
} from './model/Layer.js'
export { lenet } from './model/lenet.js'
export { linear } from './model/linear.js'
export { mlp } from './model/mlp.js'
export {
  initialWeights,
  sequential,
  type Network,
  type NetworkPass,
  type Parameter,
} from './model/Network.js'
export { NetworkConfig, networkOf } from './model/NetworkConfig.js'
export type { Problem, Recipe } from './train/Problem.js'
export type { Augmentation } from './train/Augmentation.js'
export { SolverConfig } from './train/SolverConfig.js'
export { folderPersistence, type Persistence } from './train/WeightStore.js'

export type { Audience, Tuned } from './run/conduct.js'
export { networkInterpreter, type InterpreterOptions, type Progress } from './work/networkInterpreter.js'
export { resume, type Resumed, type ResumeOptions } from './run/resume.js'
export { status, type Screen, type Status } from './run/statusLine.js'
export type { Signals } from './run/Stop.js'
export type { Timings } from './record/Timings.js'
export { problemOf, tune, type TuneOptions } from './run/tune.js'
