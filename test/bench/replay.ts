/**
 * Replaying a recorded run of the bilevel method as `bilevel replay` does: read from its file, checked line by line,
 * every step taken again. The log is made first: default options (the paired reference of networks) on ridge problems
 * that a closed form answers, told never to settle, until it has at least 500 steps.
 *
 *     npx tsx test/bench/replay.ts
 *
 * Writes docs/results/replay.json: steps a second of the first replay in a process, where the engine has compiled
 * nothing yet but what recording needed, and the median of five more, by wall time and by this process' own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import * as Rng from '../../src/core/numeric/Rng.js'
import { decode } from '../../src/core/protocol/Codec.js'
import type { Question } from '../../src/core/protocol/Command.js'
import type { Observation } from '../../src/core/protocol/Observation.js'
import { start } from '../../src/core/protocol/Replay.js'
import { drive } from '../../src/shell/run/Driver.js'
import { create } from '../../src/shell/run/LogFile.js'
import { methods } from '../../src/shell/run/methods.js'
import { replayRun } from '../../src/shell/run/ReplayRun.js'
import { headerOf, noHooks } from '../support/recordedRun.js'
import { ridgeSpace, ridgeWorld } from '../support/ridge.js'
import { median, right, write } from './gpTiming.js'

const dimensions = [1, 2, 5, 10]
const repeats = 5
/** Two descents and a solve make an outer iteration. */
const outerIterations = 200

/** As after finitely many steps on minibatches: f off by a thousandth, its gradient by a hundredth. */
const blurred = (answer: Observation): Observation => {
  if (answer._tag !== 'LowerLevelSolved' && answer._tag !== 'WeightsDescended') return answer
  const [[value, ...slopes]] = Rng.normals(1 + answer.lowerGradient.length)(Rng.make(answer.id, 13))
  return {
    ...answer,
    lower: answer.lower * (1 + 1e-3 * value!),
    lowerGradient: answer.lowerGradient.map((slope, k) => slope * (1 + 1e-2 * slopes[k]!)),
  }
}

const record = async (d: number, folder: string): Promise<void> => {
  const [draws] = Rng.uniforms(2 * d)(Rng.make(d, 11))
  const a = draws.slice(0, d).map(u => 1.5 + 2 * u)
  const b = a.map((ak, k) => ak * (0.3 + 0.5 * draws[d + k]!))
  const world = ridgeWorld({ a, b })
  const config = right(
    decode(bilevel.config)({
      space: ridgeSpace({ a, b }),
      budget: { lowerLevelSolves: outerIterations, outerIterations },
      stop: { step: 0 },
    }),
  )
  const log = right(await create(join(folder, 'run.jsonl'))(headerOf(bilevel.name, config))())
  const interpreter = {
    answer: (question: Question) => TE.right(blurred(world.answer(question))),
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

const replayed = (folder: string): Timed => {
  const cpu = process.cpuUsage()
  const began = performance.now()
  const { steps } = right(replayRun(methods)(folder))
  const wall = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { steps, wall, cpu: (user + system) / 1e6 }
}

const only = process.argv[2]
const table = []
for (const d of only === undefined ? dimensions : [Number(only)]) {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-bench-'))
  await record(d, folder)
  const [first, ...others] = Array.from({ length: repeats + 1 }, () => replayed(folder))
  const { steps } = first!
  const row = {
    dimension: d,
    steps,
    first: { wall: steps / first!.wall, cpu: steps / first!.cpu },
    median: {
      wall: steps / median(others.map(({ wall }) => wall)),
      cpu: steps / median(others.map(({ cpu }) => cpu)),
    },
  }
  console.log(JSON.stringify(row))
  table.push(row)
  if (process.env['KEEP']) console.log(folder)
  else rmSync(folder, { recursive: true, force: true })
}
if (only === undefined) write('replay', { unit: 'steps a second', repeats, table })
