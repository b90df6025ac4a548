/** `bilevel replay`: checks that a recorded run is what its method makes of its observations. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ShellError } from '../ShellError.js'

const help = `
Runs the method again on the recorded observations, with neither data nor
backend, and compares every command and every info with the log; also
summary.json, where there is one, with what the log comes to.

Examples:
  $ bilevel replay runs/mnist-mlp-1k-0
  $ bilevel replay runs/mnist-mlp-1k-0/run.jsonl

Exit codes: 0 all is as logged; 1 it is not, and the message names the line, the
field, what was expected and what was found; 2 the log cannot be read.`

/** The command, which hands its result on. */
export const replayCommand = (finish: (result: E.Either<ShellError, string>) => void): Command =>
  new Command('replay')
    .summary('check a recorded run')
    .description('Replays a recorded run and compares each step with the log.')
    .argument('<RUN>', 'a run folder, or its run.jsonl')
    .addHelpText('after', help)
    .action(async (target: string) => {
      const [{ replayRun, statement }, { methods }] = await Promise.all([
        import('../run/ReplayRun.js'),
        import('../run/methods.js'),
      ])
      finish(pipe(replayRun(methods)(target), E.map(statement)))
    })
