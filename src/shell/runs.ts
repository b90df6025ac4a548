/**
 * bilevel-hpo/runs: recorded runs, without tfjs and without data.
 *
 * - {@link recordRun}: drives a method with your own training loop, records the run, and resumes it after a kill.
 * - {@link replayRun}: checks that a method derives the recorded decisions from the recorded observations.
 * - {@link diffRuns}: finds the first difference of two recorded runs.
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
