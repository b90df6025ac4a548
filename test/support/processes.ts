/** Looks at processes that are no children of this one. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Whether a process computes. One that has ended may keep its id until its parent asks for its exit code. */
export const isRunning = (pid: number): boolean => {
  const stat = `/proc/${pid}/stat`
  try {
    if (existsSync('/proc/self/stat')) return !/\) [ZX] /.test(readFileSync(stat, 'latin1'))
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Waits until all of these processes have ended. A test that waits for a process that does not end fails by its time limit. */
export const allEnded = async (pids: ReadonlyArray<number>): Promise<void> => {
  while (pids.some(isRunning)) await sleep(20)
}
