/**
 * bilevel-hpo/runs: recorded runs, with neither tfjs nor data.
 *
 * - {@link recordRun}: a method driven by a training loop of one's own, recorded, and gone on with after a kill.
 * - {@link replayRun}: proves that a recorded run is what its method makes of its observations.
 * - {@link diffRuns}: where two recorded runs part.
 *
 * It reads and writes files; importing it does nothing else.
 *
 * @module bilevel-hpo/runs
 */
export { diffRuns, equal, statement as diffStatement, type Compared, type Parting } from './run/DiffRuns.js'
export { drive, start, type Hooks, type Surroundings } from './run/Driver.js'
export type { Interpreter } from './run/Interpreter.js'
export { create as createLog, type LogWriter } from './run/LogFile.js'
export { methodNamed, methods, registry, some, type Methods, type SomeMethod } from './run/methods.js'
export { noHooks, recordRun, type About, type Recording } from './run/Recording.js'
export {
  replayRun,
  statement as replayStatement,
  type Replayed,
  type ReplayOptions,
} from './run/ReplayRun.js'
export { summarize, type Summary, type SummaryRow } from './run/Summary.js'
export type { ShellError } from './ShellError.js'
