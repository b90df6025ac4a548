/**
 * Real SIGKILLs of the built program: at random moments, and before every file operation of a run's first second. Each run is started or
 * resumed again, as a person would, and ends with the same bytes.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import pLimit from 'p-limit'
import { beforeAll, expect, it } from 'vitest'
import * as Rng from '../../src/core/numeric/Rng.js'
import { bilevel, program, root, scratch, startBilevel, startNode, writeConfig } from '../e2e/support.js'
import { bundled } from '../support/bundled.js'
import { seed } from '../support/cases.js'
import { tinyConfig } from '../support/tinyRun.js'

const folder = scratch()
const watch = bundled('test/support/killAtOperation.ts')
const config = writeConfig(join(folder, 'config.json'), tinyConfig)
const whole = join(folder, 'whole')
/** Against hanging only: each test starts hundreds of processes, and a busy machine takes long for them. */
const patience = 4 * 3_600_000
/** Two at once, one a core. */
const limit = pLimit(2)

const tuneArgs = (run: string): ReadonlyArray<string> => ['tune', config, '--backend', 'wasm', '--out', run]
const isBegun = (run: string): boolean => existsSync(join(run, 'run.jsonl'))
const argsAgain = (run: string): ReadonlyArray<string> => (isBegun(run) ? ['resume', run] : tuneArgs(run))

let seconds = 0
beforeAll(async () => {
  const began = performance.now()
  expect(await bilevel(tuneArgs(whole))).toMatchObject({ code: 0 })
  seconds = (performance.now() - began) / 1000
})

const filesIn = (run: string): ReadonlyArray<string> =>
  readdirSync(run, { recursive: true }).map(String).sort()

/** What is wrong with a run that was killed; `null` if it ended as if it had not been. */
const faultAfter = async (run: string): Promise<string | null> => {
  const { code, err } = await bilevel(argsAgain(run))
  if (code !== 0) return `exit code ${code}: ${err.trim()}`
  if (filesIn(run).join() !== filesIn(whole).join()) return `other files: ${filesIn(run).join()}`
  for (const name of [
    'run.jsonl',
    'summary.json',
    ...readdirSync(join(whole, 'weights')).map(of => join('weights', of)),
  ])
    if (!readFileSync(join(run, name)).equals(readFileSync(join(whole, name)))) return `another ${name}`
  rmSync(run, { recursive: true })
  return null
}

/** Starts or resumes a run, and kills it after so many seconds, if it has not ended. */
const killedAfter = async (args: ReadonlyArray<string>, delay: number): Promise<void> => {
  const { child, ended } = startBilevel(args)
  await Promise.race([ended, sleep(1000 * delay)])
  child.kill('SIGKILL')
  await ended
}

it(
  '200 kills at random moments lose nothing',
  async () => {
    const kills = 200
    const [moments] = Rng.uniforms(2 * kills)(Rng.make(seed))
    console.log(`Seed ${seed} of the moments; a run takes ${seconds.toFixed(1)} s.`)
    const faults = await limit.map(
      Array.from({ length: kills }, (_, i) => i),
      async i => {
        const run = join(folder, `killed-${i}`)
        const first = moments[2 * i]! * seconds
        await killedAfter(tuneArgs(run), first)
        // Half of them are killed again.
        const second = i % 2 === 0 ? null : moments[2 * i + 1]! * seconds
        if (second !== null) await killedAfter(argsAgain(run), second)
        const fault = await faultAfter(run)
        return fault === null
          ? []
          : [`Kill ${i}, after ${first.toFixed(3)} s and ${second?.toFixed(3) ?? 'no more'}: ${fault}`]
      },
    )
    expect(faults.flat()).toEqual([])
  },
  patience,
)

it(
  'a kill before any file operation of the first second loses nothing',
  async () => {
    // In one thread, because a training thread would load the watch, too.
    const watched = (run: string, env: Readonly<Record<string, string>>) =>
      startNode(['--import', pathToFileURL(watch).href, program, ...tuneArgs(run), '--workers', '1'], {
        cwd: root,
        env: { KILLED_FOLDER: run, ...env },
      }).ended
    const times = join(folder, 'times.txt')
    expect(await watched(join(folder, 'timed'), { KILLED_TIMES: times })).toMatchObject({ code: 0 })
    const operations = readFileSync(times, 'utf8').trim().split('\n')
    const at = operations.map(line => Number(line.split(' ')[0]))
    const count = at.filter(time => time - at[0]! <= 1000).length
    console.log(`${count} of ${operations.length} file operations are in the first second.`)
    expect(count).toBeGreaterThan(30)
    const faults = await limit.map(operations.slice(0, count), async (operation, n) => {
      const run = join(folder, `operation-${n}`)
      const { code } = await watched(run, { KILLED_BEFORE: String(n) })
      expect(code, operation).toBe(null)
      const fault = await faultAfter(run)
      return fault === null ? [] : [`Killed before operation ${n}, ${operation}: ${fault}`]
    })
    expect(faults.flat()).toEqual([])
  },
  patience,
)
