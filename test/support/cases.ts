/**
 * How many cases a property gets. The property states the number that it wants of `npm run test:deep`, and what a case
 * costs; `npm test` tries as many as the cost allows, at most. Seed and path are those of `mode.ts` for all of them.
 *
 *     fc.assert(fc.property(…), cases(1000, 'slow'))
 *     Laws.assert(examine(lawCases(300)))
 *
 * A counterexample that was found once goes into the property's `examples`: `{ ...cases(1000), examples: [[…]] }`.
 */
import type { Options } from '../../src/core/laws/index.js'
import { modeOf } from './mode.js'

/**
 * What a case costs, in processor time: `quick` up to 0.2 ms, `usual` up to 3 ms, `slow` up to 50 ms,
 * `heavy` up to 0.2 s, `huge` seconds.
 * So each takes a second or two of `npm test`, at most.
 */
export type Cost = keyof typeof budget

/** The most cases of `npm test`. */
const budget = { quick: 1000, usual: 80, slow: 16, heavy: 5, huge: 1 } as const

const mode = modeOf(process.env)

/** Whether this is `npm run test:deep`, and the seed of all that is random. */
export const { deep, seed } = mode

/** Cases of a property that wants so many of them in depth. */
export const count = (wanted: number, cost: Cost = 'usual'): number =>
  deep ? wanted : Math.min(wanted, budget[cost])

/** Against hanging only: numbers can be shrunk for an hour. What was found until then is reported. */
const limit = deep ? 1_200_000 : 100_000

/** fast-check's parameters of a property that wants so many cases in depth. */
export const cases = (wanted: number, cost: Cost = 'usual') => ({
  numRuns: count(wanted, cost),
  interruptAfterTimeLimit: limit,
  markInterruptAsFailure: true,
  seed,
  ...(mode.path === null ? {} : { path: mode.path }),
})

/** The same for an examination of the law kit. */
export const lawCases = (wanted: number, cost: Cost = 'usual'): Options => ({
  runs: count(wanted, cost),
  seed,
  ...(mode.path === null ? {} : { path: mode.path }),
})
