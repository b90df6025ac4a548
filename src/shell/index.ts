/**
 * bilevel-hpo/shell: all of `bilevel-hpo/runs`, and what trains. It needs the optional dependencies (tfjs, readers of data
 * files); importing it registers nothing and starts nothing.
 *
 * - {@link tune} and {@link resume}: whole runs of a configuration in a run folder, as the command line does them.
 * - {@link compare}: methods × seeds on one task, each run a process of its own; {@link analyseComparison}: what came out.
 * - {@link networkInterpreter}: answers any method's questions by training a network, for {@link recordRun} or a loop of
 *   one's own; {@link chooseBackend}, {@link loadSplits}, {@link mlp}, {@link hyperparametersOf} make what it takes.
 * - {@link installKernels}: the kernels that tfjs' wasm and cpu backends lack, alone.
 *
 * @module bilevel-hpo/shell
 */
export * from './runs.js'

export {
  available as availableBackends,
  BackendChoice,
  BackendName,
  choose as chooseBackend,
  type Availability,
  type Backend,
} from './backend/Backend.js'
export { installKernels } from './backend/kernels/install.js'

export {
  analyse as analyseComparison,
  type Analysis,
  type Duel,
  type Measure,
  type Pace,
  type Race,
  type Reached,
  type Standing,
  type Verdict,
} from './compare/Analysis.js'
export { allot, type Allot } from './compare/Budget.js'
export { compare, type Compared, type CompareOptions } from './compare/Compare.js'
export { compareFromFile, compareFromPreset, type CompareConfig } from './compare/CompareConfig.js'
export {
  Comparison,
  parse as parseComparison,
  read as readComparison,
  type FailedRun,
  type FinishedRun,
  type PendingRun,
  type RunEntry,
} from './compare/Comparison.js'
export { markdown as comparisonMarkdown } from './compare/Markdown.js'
export type { Budget, Contender, Plan } from './compare/Plan.js'
export type { Seeds, Wanted } from './compare/Prepare.js'
export type { WorkerModule } from './compare/Processes.js'
export { serve as serveComparison } from './compare/serve.js'
export type { Estimate, PairedDifference } from './compare/Statistics.js'
export { comparisonTable } from './compare/Table.js'
export {
  best as bestLoss,
  effortToReach,
  trajectory,
  type Point,
  type Scale,
  type Step,
  type Trajectory,
} from './compare/Trajectory.js'

export { fromFile as configFromFile, fromPreset as configFromPreset } from './config/ConfigSource.js'
export type { NamedConfig } from './config/ConfigSource.js'
export { presets, type Preset } from './config/presets.js'
export { decodeRunConfig, methodConfig, RunConfig } from './config/RunConfig.js'

export { DataConfig } from './data/DataConfig.js'
export type { ImageSet, Splits } from './data/ImageSet.js'
export { loadSplits, type LoadOptions } from './data/Load.js'

export type { DataProgress } from './data/Progress.js'
export type { FetchOptions } from './data/StoredSet.js'

export { classWeights } from './problem/families/ClassWeights.js'
export { exampleWeights } from './problem/families/ExampleWeights.js'
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
} from './problem/families/Family.js'
export { FamilyConfig, type PenaltyConfig } from './problem/families/FamilyConfig.js'
export { groupingOf, type Grouping, type Per } from './problem/families/Grouping.js'
export { l1 } from './problem/families/L1.js'
export { l2 } from './problem/families/L2.js'
export { labelSmoothing } from './problem/families/LabelSmoothing.js'
export { ownTerm, type OwnTerm, type TermBatch } from './problem/families/OwnTerm.js'
export { tensorTerm, type OwnTensorTerm, type TensorBatch } from './problem/families/TensorTerm.js'
export {
  checkFamily,
  type CheckOptions as CheckFamilyOptions,
  type CheckPoint,
  type Disagreement,
} from './problem/CheckFamily.js'
export {
  combined as combinedHyperparameters,
  hyperparametersOf,
  HyperparametersConfig,
  type Hyperparameters,
  type Terms,
} from './problem/Hyperparameters.js'
export {
  convolution,
  dense,
  flatten,
  maxPool,
  type Layer,
  type ParameterShape,
  type Pass,
  type Shape,
} from './problem/Layer.js'
export { lenet } from './problem/lenet.js'
export { linear } from './problem/linear.js'
export { mlp } from './problem/mlp.js'
export {
  initialWeights,
  sequential,
  type Network,
  type NetworkPass,
  type Parameter,
} from './problem/Network.js'
export { NetworkConfig, networkOf } from './problem/NetworkConfig.js'
export type { Problem, Recipe } from './problem/Problem.js'
export { SolverConfig } from './problem/SolverConfig.js'
export { folderPersistence, type Persistence } from './problem/WeightStore.js'

export type { Audience, Tuned } from './run/Conduct.js'
export { networkInterpreter, type InterpreterOptions, type Progress } from './run/NetworkInterpreter.js'
export { resume, type Resumed, type ResumeOptions } from './run/Resume.js'
export { status, type Screen, type Status } from './run/StatusLine.js'
export type { Signals } from './run/Stop.js'
export type { Timings } from './run/Timings.js'
export { problemOf, tune, type TuneOptions } from './run/Tune.js'
