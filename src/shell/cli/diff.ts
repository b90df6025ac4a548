/** `bilevel diff`: where two recorded runs part. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { exitCodes, type Finding, type Finish } from './exit.js'

const help = `
Compares two logs line by line, without replaying them, and prints the first
field of the headers that differs and the first field of the first record that
does, each with its line and both values. An incomplete last line counts as not
there, and is said to be.

Example:
  $ bilevel diff runs/first runs/second

Exit codes: 0 they are equal; 1 they differ; 2 one cannot be read, or was
changed after it was written.`

/** The command, which hands its result on. */
export const diffCommand = (finish: Finish): Command =>
  new Command('diff')
    .summary('where two recorded runs part')
    .description('Finds the first difference between two recorded runs.')
    .argument('<RUN>', 'a run folder, or its run.jsonl')
    .argument('<OTHER>', 'another one')
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
