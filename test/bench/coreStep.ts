/**
 * One step of the bilevel method's core, over whole runs of 30 lower-level solves and d = 2 in a world that answers
 * in closed form. A step takes one answer in and says what to ask next; that of a batch's last answer observes,
 * predicts, and now and then fits the surrogate.
 *
 *     npx tsx test/bench/coreStep.ts
 *
 * Writes docs/results/core-step.json: milliseconds.
 */
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import { decode } from '../../src/core/codec/Codec.js'
import { isQuestion, type Question } from '../../src/core/protocol/Command.js'
import { type Ridge, ridgeSpace, ridgeWorld } from '../support/ridge.js'
import { median, quantile, right, write } from './gpTiming.js'

const ridge: Ridge = { a: [2, 3], b: [1, 1] }
const config = right(
  decode(bilevel.config)({
    space: ridgeSpace(ridge),
    budget: { lowerLevelSolves: 30, outerIterations: 30 },
    // Never settled, so that all the budget is spent.
    stop: { step: 0 },
  }),
)

interface Timed {
  readonly ms: number
  readonly solves: number
  readonly samples: number
  readonly refitted: boolean
}

const run = (): ReadonlyArray<Timed> => {
  const world = ridgeWorld(ridge)
  let at = right(bilevel.init(config))
  let open: ReadonlyArray<Question> = at.commands.filter(isQuestion)
  const timed: Timed[] = []
  while (at.info.outcome === null) {
    const [question, ...others] = open
    if (question === undefined) throw new Error('The method neither halted nor asked.')
    const observation = world.answer(question)
    const before = at.state
    const start = performance.now()
    const step = bilevel.step(observation)(before)
    const ms = performance.now() - start
    at = right(step)
    for (const command of at.commands) if (!isQuestion(command)) world.release(command.weights)
    open = [...others, ...at.commands.filter(isQuestion)]
    timed.push({
      ms,
      solves: at.state.lowerLevelSolves,
      samples: at.state.surrogate?.valueFunction.samples.length ?? 0,
      refitted: at.state.surrogate?.fittedSamples !== before.surrogate?.fittedSamples,
    })
  }
  return timed
}

for (let i = 0; i < 5; i++) run()
const runs = Array.from({ length: 15 }, run)
const all = runs.flat()
const of = (chosen: ReadonlyArray<Timed>) => {
  const times = chosen.map(({ ms }) => ms)
  return { count: times.length, median: median(times), p90: quantile(times, 0.9), max: Math.max(...times) }
}
const result = {
  dimension: 2,
  unit: 'ms',
  runs: runs.length,
  samplesAtTheEnd: Math.max(...all.map(({ samples }) => samples)),
  solvesAtTheEnd: Math.max(...all.map(({ solves }) => solves)),
  allSteps: of(all.filter(({ refitted }) => !refitted)),
  at30Solves: of(all.filter(({ refitted, solves }) => !refitted && solves >= 30)),
  refits: of(all.filter(({ refitted }) => refitted)),
}
console.log(result)
write('core-step', result)
