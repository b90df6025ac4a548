/** `bilevel compare`: methods × seeds on one task, side by side. */
import { Command, Option } from 'commander'
import { performance } from 'node:perf_hooks'
import { availableParallelism } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { BackendChoice } from '../backend/Backend.js'
import type { CompareOptions } from '../compare/compare.js'
import type { CompareConfig } from '../compare/CompareConfig.js'
import type { Seeds } from '../compare/prepare.js'
import { Seed } from '../../core/codec/seed.js'
import { defaultPreset } from '../config/presets.js'
import { optional } from '../base/optional.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { withoutResult, type Finding, type Finish } from './exit.js'

const choices = ['auto', 'node', 'wasm', 'cpu'] as const satisfies ReadonlyArray<BackendChoice>

const help = `
Each run is a process of its own and does what \`bilevel tune --seed\` does. The
seed sets the initial weights, the order of minibatches and the method's own
random draws. If the configuration says how many images to draw (MNIST, IDX),
the seed also selects the images; sets that are already split (NPZ) stay as they
are. So at one seed, all methods have the same data and initial weights.

All methods have the same budget, in epochs: --budget lower-level solves, each
counted with the most epochs that one solve may take. Instead of "method", a
configuration may list the methods, with options and labels:
  "methods": [{ "name": "bilevel" },
              { "name": "bilevel", "label": "long", "pair": { "steps": 200 } }]
Otherwise all methods are compared, each with its defaults.

The folder holds each run in runs/<method>-seed<k>, comparison.json,
comparison.md and report.html (see \`bilevel report\`). The page needs the
optional packages; --no-report skips it. Start the same command again to resume:
finished runs are read, interrupted ones are resumed. Methods and seeds may be
added; any other difference is refused. docs/comparison.md explains each column.

Examples:
  $ bilevel compare --preset mnist-mlp-1k --seeds 5
  $ bilevel compare my-network.json --methods bilevel,random --budget 20
  $ bilevel compare --preset mnist-mlp-1k --seeds 0,7,11 --jobs 1 --out runs/c

Ctrl-C stops once the commands in progress are done; a second Ctrl-C stops at
once. The same command resumes.
Exit codes: 0 done; 1 some runs failed, and the table says which and why; 2 bad
input, or the environment failed (network, disk, backend); 130 stopped.`

interface Options {
  readonly preset?: string
  readonly methods?: string
  readonly seeds: string
  readonly budget: string
  readonly out?: string
  readonly jobs?: string
  readonly resume: boolean
  readonly report: boolean
  readonly backend: BackendChoice
}

/** The value of an option that takes an integer from 1 to `most`. */
const integerOf = (
  option: string,
  text: string,
  most: number,
  example: number,
): E.Either<ShellError, number> => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0
  return value >= 1 && value <= most
    ? E.right(value)
    : E.left(
        badInput(
          `The option --${option} takes an integer from 1 to ${most}, not "${text}". Try --${option} ${example}.`,
        ),
      )
}

const mostSeeds = 1000

const seedsOf = (text: string): E.Either<ShellError, Seeds> => {
  if (!text.includes(','))
    return pipe(
      integerOf('seeds', text, mostSeeds, 3),
      E.map(count => ({ count })),
    )
  // A list may end in a comma, so that a single seed can be written as a list.
  const list = text.replace(/,$/, '').split(',')
  const seeds = list.map(seed => (/^\s*\d{1,15}\s*$/.test(seed) ? Number(seed) : NaN))
  return seeds.length <= mostSeeds && seeds.every(Seed.is) && new Set(seeds).size === seeds.length
    ? E.right({ list: seeds })
    : E.left(
        badInput(
          `The option --seeds takes a number of seeds, or a list of different integers from 0 to 4294967295, not "${text.slice(0, 60)}". ` +
            'Try --seeds 3, or --seeds 0,1,2.',
        ),
      )
}

const labelsOf = (text: string | undefined): E.Either<ShellError, ReadonlyArray<string> | null> => {
  if (text === undefined) return E.right(null)
  const labels = text.split(',').map(label => label.trim())
  return labels.every(label => label !== '')
    ? E.right(labels)
    : E.left(
        badInput(
          `The option --methods takes names separated by commas, not "${text}". Try --methods bilevel.`,
        ),
      )
}

const configOf = async (
  file: string | undefined,
  preset: string | undefined,
): Promise<E.Either<ShellError, CompareConfig>> => {
  if (file !== undefined && preset !== undefined)
    return E.left(
      badInput(`Both a configuration (${file}) and a preset (${preset}) were given. Leave one of them out.`),
    )
  return pipe(
    await optional(() => import('../compare/CompareConfig.js'))(),
    E.chain(({ compareFromFile, compareFromPreset }) =>
      file === undefined ? compareFromPreset(preset ?? defaultPreset) : compareFromFile(file),
    ),
  )
}

const perform = async (
  file: string | undefined,
  options: Options,
): Promise<E.Either<ShellError, string | Finding>> => {
  const asked = pipe(
    E.Do,
    E.bind('labels', () => labelsOf(options.methods)),
    E.bind('seeds', () => seedsOf(options.seeds)),
    E.bind('solves', () => integerOf('budget', options.budget, 1_000_000, 30)),
    E.bind('jobs', () =>
      options.jobs === undefined ? E.right(availableParallelism()) : integerOf('jobs', options.jobs, 256, 2),
    ),
  )
  if (E.isLeft(asked)) return asked
  const config = await configOf(file, options.preset)
  if (E.isLeft(config)) return config
  // Loaded only now, since tfjs and the modules that use it are slow to load.
  const loaded = await optional(() => import('../compare/compare.js'))()
  if (E.isLeft(loaded)) return loaded
  const [{ methods }, { allot }, { comparisonTable, failures }, { status }, { comparisonIn, markdownIn }] =
    await Promise.all([
      import('../record/Methods.js'),
      import('../compare/budget.js'),
      import('../compare/text/table.js'),
      import('../run/statusLine.js'),
      import('../compare/result/Comparison.js'),
    ])
  const { join } = await import('node:path')
  const { existsSync } = await import('node:fs')
  const folder = options.out ?? join('runs', `compare-${config.right.named.name.replace(/[^\w.-]+/g, '-')}`)
  if (options.resume && !existsSync(comparisonIn(folder)))
    return E.left(
      badInput(
        `There is no comparison in ${folder} to resume. Name its folder with --out, or leave --resume out.`,
      ),
    )
  const page = join(folder, 'report.html')
  let reported: E.Either<ShellError, string | null> = E.right(null)
  /** Draws the page. A failure becomes a notice and never an error, since the comparison is complete without it. */
  const report: CompareOptions['report'] = folders => async () => {
    if (!options.report || folders.length === 0) return E.right(undefined)
    reported = await pipe(
      optional(() => import('../report/writeReport.js')),
      TE.chain(({ writeReport }) =>
        writeReport(folders, { output: page, title: `Comparison ${config.right.named.name}` }),
      ),
      TE.map(written => written.page),
    )()
    return E.right(undefined)
  }
  const result = await loaded.right.compare({
    ...asked.right,
    methods,
    config: config.right,
    folder,
    backend: options.backend,
    allot,
    status: status(process.stderr, () => performance.now() / 1000),
    signals: process,
    report,
  })()
  return pipe(
    result,
    E.map(({ comparison, analysis }): Finding => {
      const failed = failures(comparison).length
      const notices = [
        ...(failed === 0
          ? []
          : [
              `${failed} of ${comparison.runs.length} runs failed; the same command retries those that were lost.`,
            ]),
        ...(E.isRight(reported)
          ? []
          : [
              `No report was written: ${reported.left.message} The comparison is complete otherwise; \`bilevel report ${join(folder, 'runs')}\` draws the page.`,
            ]),
      ]
      return {
        out: [
          comparisonTable(comparison, analysis),
          '',
          `${markdownIn(folder)} has this table and every run; ${comparisonIn(folder)} has the same for programs.`,
          ...(E.isRight(reported) && reported.right !== null
            ? [`${reported.right} shows it in figures.`]
            : []),
        ].join('\n'),
        notice: notices.length === 0 ? null : notices.join(' '),
        code: failed === 0 ? 0 : withoutResult,
      }
    }),
  )
}

/** The command `compare`; it passes its result to `finish`. */
export const compareCommand = (finish: Finish): Command =>
  new Command('compare')
    .summary('compare methods on one task')
    .description(
      'Runs several methods at several seeds on one task, with one budget, and compares the results.',
    )
    .argument('[CONFIG.json]', 'a configuration file; see below')
    .option('--preset <name>', 'a built-in configuration (`bilevel presets` lists them)')
    .option('--methods <names>', 'the methods, separated by commas (default: all)')
    .option('--seeds <n>', 'a number of seeds, or a list of them: 0,7,11', '3')
    .option('--budget <solves>', 'budget of each run, in lower-level solves', '30')
    .option('--out <folder>', 'the folder of the comparison (default: runs/compare-<name>)')
    .option('--jobs <n>', 'number of parallel runs (default: one per core)')
    .option('--resume', 'only resume an existing comparison', false)
    .option('--no-report', 'do not draw report.html when all runs have ended')
    .addOption(new Option('--backend <name>', 'the backend that trains').choices(choices).default('auto'))
    .addHelpText('after', help)
    .action(async (file: string | undefined, options: Options) => finish(await perform(file, options)))
