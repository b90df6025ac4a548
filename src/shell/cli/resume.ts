/** `bilevel resume`: resumes a run that was stopped or killed. */
import { Command, Option } from 'commander'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import type { BackendName } from '../backend/Backend.js'
import { optional } from '../base/optional.js'
import type { ShellError } from '../base/ShellError.js'
import { ending, endingWith, hasResult } from './ending.js'
import type { Finding, Finish } from './exit.js'
import { workersOf, workersOption } from './workers.js'

const choices = ['node', 'wasm', 'cpu'] as const satisfies ReadonlyArray<BackendName>

const help = `
Replays the log, then continues from its last step. A command that already has
an answer is not carried out again, and the finished log is that of a run that
was never interrupted (byte for byte on wasm and cpu, with the same versions).
The log's header names the data files; they must be unchanged. A killed run may
leave an incomplete last line; it is dropped, with a notice.

A run that has ended is left as it is.

Examples:
  $ bilevel resume runs/mnist-mlp-1k-0
  $ bilevel resume runs/mnist-mlp-1k-0 --backend cpu

Exit codes: 0 done; 1 the log does not replay, or the run ended without a
result; 2 bad input, damaged weights, or the environment failed (network, disk,
backend); 130 stopped again.`

interface Options {
  readonly backend?: BackendName
  readonly workers?: string
}

const perform = async (
  target: string,
  { backend, workers: asked }: Options,
): Promise<E.Either<ShellError, Finding>> => {
  const workers = workersOf(asked)
  if (E.isLeft(workers)) return workers
  const loaded = await optional(() => import('../run/resume.js'))()
  if (E.isLeft(loaded)) return loaded
  const { resume } = loaded.right
  const [{ methods }, { status }] = await Promise.all([
    import('../record/Methods.js'),
    import('../run/statusLine.js'),
  ])
  const result = await resume({
    methods,
    target,
    backend: backend ?? null,
    workers: workers.right,
    status: status(process.stderr, () => performance.now() / 1000),
    signals: process,
  })()
  if (E.isLeft(result)) return result
  const resumed = result.right
  return E.right(
    resumed._tag === 'Ended'
      ? await ending(resumed)
      : endingWith(
          `The run in ${resumed.folder} has ended (${resumed.stopReason}) after ${resumed.steps} steps; there is nothing to resume.`,
          hasResult(resumed.rows),
        ),
  )
}

/** The command `resume`; it passes its result to `finish`. */
export const resumeCommand = (finish: Finish): Command =>
  new Command('resume')
    .summary('resume a run that was stopped')
    .description('Resumes a run that was stopped or killed, from its last recorded step.')
    .argument('<RUN>', 'a run folder, or its run.jsonl')
    .addOption(
      new Option('--backend <name>', "the backend that trains (default: the run's backend)").choices(choices),
    )
    .addOption(workersOption())
    .addHelpText('after', help)
    .action(async (target: string, options: Options) => finish(await perform(target, options)))
