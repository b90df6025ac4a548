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
export {
  diffRuns,
  equal,
  statement as diffStatement,
  type Compared,
  type Parting,
} from './record/diffRuns.js'
export { drive, start, type Hooks, type Surroundings } from './record/driver.js'
export type { Interpreter } from './record/Interpreter.js'
export { create as createLog, type LogWriter } from './record/logFile.js'
export { methodNamed, methods, registry, some, type Methods, type SomeMethod } from './record/Methods.js'
export { noHooks, recordRun, type About, type Recording } from './record/Recording.js'
export {
  replayRun,
  statement as replayStatement,
  type Replayed,
  type ReplayOptions,
} from './record/replayRun.js'
export { summarize, type Summary, type SummaryRow } from './record/Summary.js'
export type { ShellError } from './base/ShellError.js'
