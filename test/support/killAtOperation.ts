/**
 * Loaded before a program: kills it with SIGKILL before its n-th file operation below a folder, or writes down when each took place.
 * `KILLED_FOLDER`: the folder; `KILLED_BEFORE`: the n-th, from 0; `KILLED_TIMES`: the file for the times, one a line.
 */
import { appendFileSync } from 'node:fs'
import { atEachOperation } from './fileOperations.js'

const { KILLED_FOLDER: folder, KILLED_BEFORE: before, KILLED_TIMES: times } = process.env
if (folder === undefined) throw new Error('KILLED_FOLDER names no folder.')

let operations = 0
atEachOperation(folder, operation => {
  if (times !== undefined) appendFileSync(times, `${performance.now()} ${operation}\n`)
  if (String(operations++) !== before) return
  process.kill(process.pid, 'SIGKILL')
  // Nothing more may happen until the signal arrives.
  for (;;);
})
