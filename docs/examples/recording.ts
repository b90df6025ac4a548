import { isLeft } from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { bilevel } from '../../src/core/index.js'
import { methods, recordRun, replayRun } from '../../src/shell/runs.js'
import { config, trainer } from './ownLoop.js'

/** Runs to the end, or resumes where the log ends, then replays the log. */
export const recorded = async (path: string) => {
  if (isLeft(config)) throw new Error(config.left)
  const { answer, release } = trainer()
  const outcome = await recordRun(bilevel)({
    path,
    config: config.right,
    // Identifies this run. A log with other values is refused, not resumed.
    about: {
      problem: { model: 'one weight' },
      data: { train: 1, validation: 1, test: null, fingerprint: 'none' },
      backend: 'none',
    },
    interpreter: { answer: question => TE.right(answer(question)), release, dispose: () => undefined },
  })()
  if (isLeft(outcome)) throw new Error(outcome.left.message)
  const replayed = replayRun(methods)(path)
  if (isLeft(replayed)) throw new Error(replayed.left.message)
  return { outcome: outcome.right, replayed: replayed.right }
}
