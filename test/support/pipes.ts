/** Named pipes, which stand still whoever opens them for reading. POSIX only. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { withFolder } from './recordedRun.js'

/**
 * A folder with named pipes, there for as long as `use` takes. Whoever waits at one of them is let go after two
 * seconds, with nothing to read: a test then fails instead of standing still.
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
