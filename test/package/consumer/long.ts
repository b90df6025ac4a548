/** A run recorded by the packed library: `node long.js LOG SOLVES`, with about eleven steps for each solve. */
import { isLeft } from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { bilevel, decode } from '../../../src/core/index.js'
import { recordRun } from '../../../src/shell/runs.js'
import { trainer } from '../../../docs/examples/ownLoop.js'

const [path, solves] = process.argv.slice(2)
const config = decode(bilevel.config)({
  space: [{ name: 'shrinkage', lower: -6, upper: 4, scale: 'log' }],
  // Never settled, so that all of the budget is spent.
  pair: { innerIterations: 5 },
  budget: { lowerLevelSolves: Number(solves), outerIterations: 1000 },
  stop: { step: 0 },
})
if (path === undefined || isLeft(config)) throw new Error(`cannot run: ${JSON.stringify({ path, config })}`)
const { answer, release } = trainer()
const outcome = await recordRun(bilevel)({
  path,
  config: config.right,
  about: {
    problem: {},
    data: { train: 1, validation: 1, test: null, fingerprint: 'none' },
    backend: 'none',
  },
  interpreter: { answer: question => TE.right(answer(question)), release, dispose: () => undefined },
})()
if (isLeft(outcome)) throw new Error(outcome.left.message)
console.log(outcome.right.stopReason)
