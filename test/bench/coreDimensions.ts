/**
 * Steps of the bilevel method's core, and the lines that a log has of them, for 10 to 10,000 hyperparameters: whole runs
 * of 20 outer iterations in a world that answers in closed form, with gradients in single precision as networks have them.
 *
 *     npx tsx --expose-gc test/bench/coreDimensions.ts
 *
 * Writes docs/results/core-dimensions.json. Time and size a step grow no faster than d where `growth`, the exponent of d
 * between 1,000 and 10,000, is at most about 1.
 */
import { loadavg } from 'node:os'
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import { decode } from '../../src/core/codec/Codec.js'
import { isQuestion, type Question } from '../../src/core/protocol/Command.js'
import type { Observation } from '../../src/core/protocol/Observation.js'
import { longestPlain } from '../../src/core/codec/packedVector.js'
import { packingOf, packRecord, packedVersion, unpackRecord, version } from '../../src/core/log/RunLog.js'
import { type Ridge, ridgeSpace, ridgeWorld } from '../support/ridge.js'
import { median, quantile, right, write } from './gpTiming.js'

const outerIterations = 20

const ridgeOf = (d: number): Ridge => ({
  a: Array.from({ length: d }, (_, k) => 2 + (k % 7) / 7),
  b: Array.from({ length: d }, (_, k) => 1 - (k % 11) / 40),
})

const configOf = (ridge: Ridge) =>
  right(
    decode(bilevel.config)({
      space: ridgeSpace(ridge),
      budget: { lowerLevelSolves: 2 * outerIterations, outerIterations },
      stop: { step: 0 },
    }),
  )

const single = (observation: Observation): Observation =>
  observation._tag === 'LowerLevelSolved' || observation._tag === 'WeightsDescended'
    ? { ...observation, lowerGradient: observation.lowerGradient.map(Math.fround) }
    : observation

const timed = <A>(run: () => A): readonly [A, number] => {
  const start = performance.now()
  const result = run()
  return [result, performance.now() - start]
}

const run = (d: number) => {
  const ridge = ridgeOf(d)
  const world = ridgeWorld(ridge)
  const steps: Array<number> = []
  const lines: Array<{
    readonly written: number
    readonly read: number
    readonly bytes: number
    readonly outer: number
  }> = []
  let packing = packingOf(d > longestPlain ? packedVersion : version)
  let at = right(bilevel.init(configOf(ridge)))
  let open: ReadonlyArray<Question> = at.commands.filter(isQuestion)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  while (at.info.outcome === null) {
    const [question, ...others] = open
    if (question === undefined) throw new Error('The method neither halted nor asked.')
    const observation = single(world.answer(question))
    const from = at.state
    const [next, ms] = timed(() => right(bilevel.step(observation)(from)))
    at = next
    const record = { step: steps.length + 1, observation, commands: at.commands, info: at.info }
    const [{ body, packing: after }, written] = timed(() => packRecord(packing)(record))
    const [, read] = timed(() => right(unpackRecord(packing)(body)))
    packing = after
    steps.push(ms)
    lines.push({ written, read, bytes: body.length, outer: at.info.outerIteration })
    for (const command of at.commands) if (!isQuestion(command)) world.release(command.weights)
    open = [...others, ...at.commands.filter(isQuestion)]
  }
  globalThis.gc?.()
  const held = (process.memoryUsage().heapUsed - before) / 2 ** 20
  const searched = lines.filter(({ outer }) => outer > 2)
  return {
    steps,
    lines,
    held,
    bytesAnIteration: searched.reduce((sum, { bytes }) => sum + bytes, 0) / (outerIterations - 2),
  }
}

const table = [10, 100, 1000, 10_000].map(d => {
  run(d)
  const runs = Array.from({ length: d < 10_000 ? 5 : 3 }, () => run(d))
  const steps = runs.flatMap(one => one.steps)
  const lines = runs.flatMap(one => one.lines)
  return {
    d,
    steps: steps.length / runs.length,
    stepMedian: median(steps),
    stepP90: quantile(steps, 0.9),
    stepTotal: steps.reduce((sum, ms) => sum + ms, 0) / runs.length,
    writtenTotal: lines.reduce((sum, { written }) => sum + written, 0) / runs.length,
    readTotal: lines.reduce((sum, { read }) => sum + read, 0) / runs.length,
    heldMiB: Math.max(...runs.map(({ held }) => held)),
    logBytesAnIteration: Math.round(runs[0]!.bytesAnIteration),
  }
})
console.table(table)
const [thousand, most] = [table[2]!, table[3]!]
const growthOf = (of: (row: (typeof table)[number]) => number): number => Math.log10(of(most) / of(thousand))
const growth = {
  stepTotal: growthOf(row => row.stepTotal),
  writtenTotal: growthOf(row => row.writtenTotal),
  readTotal: growthOf(row => row.readTotal),
  logBytes: growthOf(row => row.logBytesAnIteration),
}
console.log(growth)
// Others may be at work on the same machine: then times are longer, all of them alike.
write('core-dimensions', { outerIterations, unit: 'ms', load: loadavg()[0], table, growth })
