/** `bilevel report`: draws figures and tables of recorded runs on one page. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Finding, Finish } from './exit.js'

const help = `
Replays each run, as \`bilevel replay\` does, and writes one HTML file that opens
from disk and loads nothing else. It shows the results, the best validation loss
against effort, the validation loss against λ, the value function, the dual
variables, λ's path over two hyperparameters, and every setting. RUN may also be
a folder of run folders. The figures are also written as SVG, Vega-Lite and CSV,
into a folder beside the page.

--truth names a JSON file with validation losses over a dense grid,
{"points": [{"lambda": [2], "upper": 0.458}, …]}. They are drawn beneath the
samples of runs with one hyperparameter.

Examples:
  $ bilevel report runs/mnist-mlp-1k-0
  $ bilevel report runs -o report.html

Exit codes: 0 written; 1 a run does not replay as logged; 2 bad input, or the
environment failed.`

interface Options {
  readonly output: string
  readonly title?: string
  readonly truth?: string
}

/** The command `report`; it passes its result to `finish`. */
export const reportCommand = (finish: Finish): Command =>
  new Command('report')
    .summary('draw figures and tables of recorded runs')
    .description('Writes a web page with figures and tables of recorded runs.')
    .argument('<RUN...>', 'run folders, or folders of run folders')
    .option('-o, --output <file>', 'the page to write', 'report.html')
    .option('--title <text>', "the page's title")
    .option('--truth <file>', 'a JSON file with a dense grid of validation losses')
    .addHelpText('after', help)
    .action(async (targets: ReadonlyArray<string>, options: Options) => {
      const { writeReport } = await import('../report/writeReport.js')
      finish(
        pipe(
          await writeReport(targets, options)(),
          E.map(({ page, bytes, files, runs, notices }): Finding => ({
            out:
              `${page}: ${runs === 1 ? '1 run' : `${runs} runs`}, ${Math.ceil(bytes / 1024)} KB` +
              (files.length === 0 ? '.' : `; ${files.length} files with figures beside it.`),
            notice: notices.length === 0 ? null : notices.join(' '),
            code: 0,
          })),
        ),
      )
    })
