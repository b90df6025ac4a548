/** `bilevel report`: a page of figures and tables of recorded runs. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Finding, Finish } from './exit.js'

const help = `
Replays each run, as \`bilevel replay\` does, and writes one HTML file that opens
from disk and loads nothing: the results, the best validation loss against
effort, the validation loss against λ, the value function, the dual variables,
λ's way over two hyperparameters, and every setting. A folder may be named that
holds run folders. Figures are also written as SVG, Vega-Lite and CSV, into a
folder beside the page.

--truth names a JSON file with validation losses over a dense grid,
{"points": [{"lambda": [2], "upper": 0.458}, …]}, to be drawn beneath the samples
of runs with one hyperparameter.

Examples:
  $ bilevel report runs/mnist-mlp-1k-0
  $ bilevel report runs -o report.html

Exit codes: 0 written; 1 a run does not replay as logged; 2 bad input or
surroundings.`

interface Options {
  readonly output: string
  readonly title?: string
  readonly truth?: string
}

/** The command, which hands its result on. */
export const reportCommand = (finish: Finish): Command =>
  new Command('report')
    .summary('figures and tables of recorded runs')
    .description('Writes a web page of figures and tables of recorded runs.')
    .argument('<RUN...>', 'run folders, or folders that hold some')
    .option('-o, --output <file>', 'the page', 'report.html')
    .option('--title <text>', 'its title')
    .option('--truth <file>', 'a dense grid of validation losses')
    .addHelpText('after', help)
    .action(async (targets: ReadonlyArray<string>, options: Options) => {
      const { writeReport } = await import('../report/writeReport.js')
      finish(
        pipe(
          await writeReport(targets, options)(),
          E.map(({ page, bytes, files, runs, notices }): Finding => ({
            out:
              `${page}: ${runs === 1 ? '1 run' : `${runs} runs`}, ${Math.ceil(bytes / 1024)} KB` +
              (files.length === 0 ? '.' : `; ${files.length} files of figures beside it.`),
            notice: notices.length === 0 ? null : notices.join(' '),
            code: 0,
          })),
        ),
      )
    })
