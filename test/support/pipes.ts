/** Named pipes, which block every process that opens them for reading. POSIX only. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { withFolder } from './recordedRun.js'

/**
 * A folder with named pipes that exists while `use` runs. A reader that waits at a pipe is released after two seconds,
 * with nothing to read, so that a test fails instead of hanging.
 */
export const withPipes = (
  names: ReadonlyArray<string>,
  use: (folder: string) => Promise<void>,
): Promise<void> =>
  withFolder(async folder => {
    const pipes = names.map(name => join(folder, name))
    pipes.forEach(path => mkdirSync(dirname(path), { recursive: true }))
    execFileSync('mkfifo', pipes)
    const rescue = spawn(process.execPath, [
      '--eval',
      `const { closeSync, constants, openSync } = require('node:fs')
       setInterval(() => {
         for (const path of process.argv.slice(1))
           try { closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)) } catch {}
       }, 2000)`,
      ...pipes,
    ])
    try {
      await use(folder)
    } finally {
      rescue.kill()
    }
  })
