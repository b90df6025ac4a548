/** What becomes of the processes of a comparison whose own process is killed. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { allEnded, isRunning } from '../../support/processes.js'

const child = fileURLToPath(new URL('../../support/busyChild.ts', import.meta.url))

it('a child that computes ends when its parent is killed', async () => {
  const forks = `
    const child = require('node:child_process').fork(${JSON.stringify(child)}, [], { execArgv: ['--import', 'tsx'] })
    child.on('message', () => console.log(child.pid))`
  const parent = spawn(process.execPath, ['--eval', forks], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(parent.stdout)) {
    const pid = Number(line)
    expect(isRunning(pid)).toBe(true)
    parent.kill('SIGKILL')
    await allEnded([pid])
    break
  }
})
