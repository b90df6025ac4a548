/** `bilevel diff`: the first difference between two recorded runs. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { exitCodes, type Finding, type Finish } from './exit.js'

const help = `
Compares two logs line by line, without replaying them. Prints the first field
in which the headers differ, and the first record and field in which the logs
differ, each with its line and both values. An incomplete last line is ignored,
with a notice.

Example:
  $ bilevel diff runs/first runs/second

Exit codes: 0 the runs are equal; 1 they differ; 2 a log cannot be read, or was
changed after it was written.`

/** The command `diff`; it passes its result to `finish`. */
export const diffCommand = (finish: Finish): Command =>
  new Command('diff')
    .summary('find where two recorded runs differ')
    .description('Finds the first difference between two recorded runs.')
    .argument('<RUN>', 'a run folder, or its run.jsonl')
    .argument('<OTHER>', 'another run')
    .addHelpText('after', help)
    .action(async (a: string, b: string) => {
      const { diffRuns, equal, statement } = await import('../record/diffRuns.js')
      finish(
        pipe(
          diffRuns(a, b),
          E.map((compared): Finding => ({
            out: statement(compared),
            notice: compared.notices.length === 0 ? null : compared.notices.join(' '),
            code: equal(compared) ? 0 : exitCodes.Mismatch,
          })),
        ),
      )
    })
