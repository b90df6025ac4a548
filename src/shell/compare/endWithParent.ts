/**
 * Ends a child process at once when its parent is gone, even if it is killed (SIGKILL) and the child computes.
 *
 * The event `disconnect` waits until the main thread is idle. That takes seconds in a fit of a large surrogate, or in the loading of a
 * module. So a thread looks at the id of the parent: the system gives a child whose parent has died another parent. The child may end
 * in the middle of a write, as after a kill of its own; the next comparison resumes its run.
 */
import { Worker } from 'node:worker_threads'

/** Milliseconds between two looks. */
const interval = 100

/** A text, because the thread must load no module. */
const watching = `
const { workerData: { parent, interval } } = require('node:worker_threads')
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') }, interval)`

let watches = false

/** Watches the parent from now on, if that is not done yet. Call it as early as possible. */
export const endWithParent = (): void => {
  if (watches) return
  watches = true
  const end = (): void => process.exit(130)
  process.on('disconnect', end)
  new Worker(watching, { eval: true, execArgv: [], workerData: { parent: process.ppid, interval } }).unref()
  // The parent may have died before.
  if (!process.connected) end()
}
