/**
 * Replaying a recorded run of the bilevel method as `bilevel replay` does: read from its file, checked line by line,
 * every step taken again. The log is made first: default options (the paired reference of networks) on ridge problems
 * that a closed form answers, blurred as minibatches blur, and told never to settle; some 600 steps.
 *
 *     npm run build && npx tsx test/bench/replay.ts
 *
 * Writes docs/results/replay.json: steps a second, by wall time and by this process' own. `fresh`: the first replay of
 * a process, in which the engine has compiled nothing yet, as whoever types the command sees it (median of 5
 * processes); `warm`: of 5 more in the last of them.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import * as Rng from '../../src/core/numeric/Rng.js'
import type { Question } from '../../src/core/protocol/Command.js'
import { start } from '../../src/core/log/Replay.js'
import { drive } from '../../src/shell/record/driver.js'
import { create } from '../../src/shell/record/logFile.js'
import { headerOf, noHooks } from '../support/recordedRun.js'
import { unsettledRidge } from '../support/unsettledRidge.js'
import { median, right, write } from './gpTiming.js'

const dimensions = [1, 2, 5, 10]
const repeats = 5
/** Two descents and a solve make an outer iteration. */
const outerIterations = 200

const record = async (d: number, folder: string): Promise<void> => {
  const { config, world } = unsettledRidge(d, Rng.make(d, 11), d, outerIterations)
  const log = right(await create(join(folder, 'run.jsonl'))(headerOf(bilevel.name, config))())
  const interpreter = {
    answer: (question: Question) => TE.right(world.answer(question)),
    release: world.release,
    dispose: () => undefined,
  }
  right(await drive(bilevel)({ interpreter, log, hooks: noHooks })(right(start(bilevel)(config)))())
  log.close()
}

interface Timed {
  readonly steps: number
  readonly wall: number
  readonly cpu: number
}

/** Replays the folder in argv[1] once and then argv[2] times more, by the built package as it is installed. */
const child = `
  import { methods, replayRun } from '${new URL('../../dist/runs.js', import.meta.url).href}'
  const replayed = () => {
    const cpu = process.cpuUsage()
    const began = performance.now()
    const replay = replayRun(methods)(process.argv[1])
    const wall = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return { steps: replay.right.steps, wall, cpu: (user + system) / 1e6 }
  }
  console.log(JSON.stringify(Array.from({ length: 1 + Number(process.argv[2]) }, replayed)))
`

/** In a process of its own: the first replay, then `more` others. */
const inFreshProcess = (folder: string, more: number): readonly [Timed, ...Timed[]] => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', child, folder, String(more)],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as readonly [Timed, ...Timed[]]
}

const medians = (timed: ReadonlyArray<Timed>): { readonly wall: number; readonly cpu: number } => ({
  wall: median(timed.map(({ steps, wall }) => steps / wall)),
  cpu: median(timed.map(({ steps, cpu }) => steps / cpu)),
})

const measured = async (d: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-bench-'))
  await record(d, folder)
  const processes = Array.from({ length: repeats }, (_, i) =>
    inFreshProcess(folder, i === repeats - 1 ? repeats : 0),
  )
  rmSync(folder, { recursive: true, force: true })
  const row = {
    dimension: d,
    steps: processes[0]![0].steps,
    fresh: medians(processes.map(([first]) => first)),
    warm: medians(processes.at(-1)!.slice(1)),
  }
  console.log(JSON.stringify(row))
  return row
}

const table = []
for (const d of dimensions) table.push(await measured(d))
write('replay', { unit: 'steps a second', repeats, table })
