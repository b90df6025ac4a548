/** Makes docs/reproduction.md from the comparisons in docs/results/compare. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { analyse, type Analysis } from '../../src/shell/compare/result/Analysis.js'
import { again } from '../../src/shell/compare/text/again.js'
import { parse, type Comparison } from '../../src/shell/compare/result/Comparison.js'
import {
  differenceTable,
  mainTable,
  markdownTable,
  raceTable,
  verdictText,
} from '../../src/shell/compare/text/markdown.js'
import {
  differenceNote,
  ownNotes,
  raceNote,
  renewalNotes,
  tableNotes,
  trackedNotes,
} from '../../src/shell/compare/text/notes.js'
import { authors, experimentOf } from './authors.js'
import { diagnosisTable, diagnosisText } from './diagnosis.js'
import { type KeptTruth, leastOf, truthOf } from './gridTruth.js'
import { formatted } from './formatted.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const resultsFolder = join(root, 'docs', 'results', 'compare')
export const documentPath = join(root, 'docs', 'reproduction.md')

/** A committed comparison. */
export interface Kept {
  /** Name of its folder and of its preset. */
  readonly name: string
  readonly comparison: Comparison
  /** Text of `remarks.md`, written by hand: what agrees with the paper, what does not, and why. */
  readonly remarks: string | null
}

/** Reads a comparison and throws if one of its runs has not ended. */
export const complete = (path: string): Comparison => {
  const parsed = parse(readFileSync(path, 'utf8'))
  if (E.isLeft(parsed)) throw new Error(`${path} ${parsed.left}`)
  const pending = parsed.right.runs.filter(({ _tag }) => _tag === 'Pending').length
  if (pending > 0)
    throw new Error(`${path} is not complete: ${pending} runs have not ended. Start the comparison again.`)
  return parsed.right
}

/** All committed comparisons, sorted by name. */
export const kept = (folder = resultsFolder): ReadonlyArray<Kept> =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter(name => existsSync(join(folder, name, 'comparison.json')))
    .sort()
    .map(name => {
      const remarks = join(folder, name, 'remarks.md')
      return {
        name,
        comparison: complete(join(folder, name, 'comparison.json')),
        remarks: existsSync(remarks) ? readFileSync(remarks, 'utf8').trim() : null,
      }
    })

const yesNo = (value: boolean | null): string => (value === null ? '–' : value ? 'yes' : 'no')

/** The least of the authors' test losses at a task's size, of any method. */
const authorsBest = (task: unknown): number | null => {
  const experiment = experimentOf(task)
  if (experiment === null) return null
  return Math.min(...authors.flatMap(({ figures }) => figures[experiment.images].map(([, test]) => test)))
}

const standingOf = (analysis: Analysis) =>
  analysis.standings.find(({ label }) => label === analysis.verdict?.label)

/** The targets that were set beforehand, task by task. */
const summaryTable = (all: ReadonlyArray<Kept>): string =>
  markdownTable(
    [
      'task',
      'seeds',
      'effort over the fastest rival’s: retrained',
      'or continued',
      '≤ ½ (retrained)',
      'refit: no worse than the best rival',
      'refit: test loss',
      'authors’ best test loss',
      'below theirs',
    ],
    all.map(({ name, comparison }) => {
      const analysis = analyse(comparison)
      const { verdict } = analysis
      const mine = standingOf(analysis)?.of.refitTestLoss?.mean ?? null
      const theirs = authorsBest(comparison.plan.task)
      const ratio = verdict?.effortRatio.retrained ?? null
      return [
        name,
        String(comparison.plan.seeds.length),
        ratio?.toFixed(2) ?? '–',
        verdict?.effortRatio.trained?.toFixed(2) ?? '–',
        yesNo(verdict === null ? null : ratio !== null && ratio <= 0.5),
        verdict === null || verdict.noWorse === null
          ? '–'
          : `${yesNo(verdict.noWorse)} (${verdict.bestRival ?? ''})`,
        mine?.toFixed(4) ?? '–',
        theirs?.toFixed(4) ?? '–',
        yesNo(mine === null || theirs === null ? null : mine < theirs),
      ]
    }),
  )

/** How far Bayesian optimization stays above the least loss of a dense grid, as a share of that loss. */
export const gapToTruth = (comparison: Comparison, truth: KeptTruth): number | null => {
  const run = comparison.runs.find(
    one => one._tag === 'Finished' && one.label === 'bayesian' && one.seed === truth.seed,
  )
  if (run?._tag !== 'Finished' || run.result.trained === null) return null
  return run.result.trained.validation.loss / leastOf(truth) - 1
}

/** Checks that the rivals are strong: Bayesian optimization against a dense grid, on the data of the grid’s seed. */
const truthTable = (all: ReadonlyArray<Kept>): ReadonlyArray<string> => {
  const rows = all.flatMap(({ name, comparison }) => {
    const truth = truthOf(name)
    if (truth === null) return []
    const gap = gapToTruth(comparison, truth)
    return [
      [
        name,
        String(truth.points.length),
        leastOf(truth).toFixed(4),
        gap === null ? '–' : `${(100 * gap).toFixed(2)} %`,
        yesNo(gap === null ? null : gap <= 0.02),
      ],
    ]
  })
  return rows.length === 0
    ? []
    : [
        'Bayesian optimization, compared with the least validation loss of a dense grid (`test/bench/gridTruth.ts`), at the grid’s seed:',
        markdownTable(['task', 'points', 'least of the grid', 'above it', 'within 2 %'], rows),
      ]
}

/** The gain in refitted test loss over Bayesian optimization on the deep network. The target was .02. */
export const deepTable = (all: ReadonlyArray<Kept>): ReadonlyArray<string> => {
  const rows = all
    .filter(({ name }) => name.startsWith('mnist-deep'))
    .flatMap(({ name, comparison }) => {
      const duel = analyse(comparison).duels.find(({ rival }) => rival === 'bayesian')
      const gain = duel?.of.refitTestLoss?.mean ?? null
      return gain === null
        ? []
        : [
            [
              name,
              String(comparison.plan.budget.solves),
              (-gain).toFixed(4).replace('-', '−'),
              yesNo(-gain >= 0.02),
            ],
          ]
    })
  return rows.length === 0
    ? []
    : [
        'Refitted test loss on the deep network, against Bayesian optimization with the same budget:',
        markdownTable(['task', 'solves', 'better by', '≥ .02'], rows),
      ]
}

const authorsSection = (task: unknown): ReadonlyArray<string> => {
  const experiment = experimentOf(task)
  if (experiment === null) return []
  const { images, hyperparameters } = experiment
  const rows = authors.filter(row => row.hyperparameters === hyperparameters || !row.sawValidation)
  const listed = (row: (typeof rows)[number], of: 0 | 1): string =>
    row.figures[images].map(figure => figure[of].toFixed(4)).join(', ')
  return [
    `The authors’ figures at ${images.toLocaleString('en')} images, one run each, from the saved outputs of their notebooks:`,
    markdownTable(
      ['method', 'validation loss', 'test loss', 'weights saw validation data'],
      rows.map(row => [
        `${row.method}, ${row.hyperparameters} hyperparameter(s)`,
        listed(row, 0),
        listed(row, 1),
        yesNo(row.sawValidation),
      ]),
    ),
  ]
}

const section = ({ name, comparison, remarks }: Kept): ReadonlyArray<string> => {
  const analysis = analyse(comparison)
  const { plan, machine, runs } = comparison
  const failed = runs.flatMap(run => (run._tag === 'Failed' ? [`- ${run.folder}: ${run.reason}`] : []))
  return [
    `## ${name}`,
    `To repeat: \`npm run bilevel -- ${again(['--preset', name], plan).join(' ')}\`. It ran on ` +
      `${machine.processors} processor(s) (${machine.processor}), ${machine.jobs} run(s) at a time. ` +
      `Every single run: [comparison.md](results/compare/${name}/comparison.md).`,
    ...renewalNotes(comparison),
    mainTable(analysis),
    ...authorsSection(plan.task),
    ...(analysis.duels.length === 0 ? [] : [differenceTable(analysis)]),
    ...(analysis.paces.length === 0 ? [] : ['Effort to come near the best, in epochs:', raceTable(analysis)]),
    ...verdictText(analysis),
    ...diagnosisText(name, comparison),
    ...(failed.length === 0 ? [] : ['Failed:', failed.join('\n')]),
    ...(remarks === null ? [] : [remarks]),
  ]
}

const introduction = `# Reproduction

This document sets our tables beside the figures of the authors of [arXiv 2208.12118](https://arxiv.org/abs/2208.12118).
\`test/bench/reproduction.ts\` writes it from the committed comparisons in [results/compare](results/compare).
[comparison.md](comparison.md) says how a comparison is made, what each column means, and what is honest about it.

Four things cannot be the same:

- **The refit.** The authors’ method returns weights that descended on the validation data; their other methods return weights that did not. So
  the test loss of their method includes the gain of more data. Here every method’s λ is refitted on training and validation set together. We compare
  those test losses with one another, and with the authors’.
- **The range.** The authors search λ in [−10, 0]. The best λ on these tasks is above 0, so our range is [−10, 4]. For
  \`cifar10-lenet-10k-tracking\` it is that of weight decays from 1e-5 to 1.
- **The images.** Theirs are one fixed split. Here each seed draws its own split, of equal size.
- **The validation loss** of their method belongs to weights that saw validation data. It does not measure λ, and we compare nothing with it.`

/** A note that some comparisons need, once. */
const noteOf = (all: ReadonlyArray<Kept>, note: (analysis: Analysis) => ReadonlyArray<string>) =>
  all.flatMap(({ comparison }) => note(analyse(comparison))).slice(0, 1)

/** The whole document. */
export const reproduction = async (all: ReadonlyArray<Kept>): Promise<string> => {
  const [first] = all
  const text = [
    introduction,
    ...(first === undefined
      ? ['No comparison is committed yet.']
      : [
          '## The targets set beforehand',
          summaryTable(all),
          ...truthTable(all),
          ...deepTable(all),
          ...diagnosisTable(all),
          '## How to read the tables',
          [
            ...tableNotes(first.comparison).slice(2, 3),
            ...noteOf(all, ownNotes),
            ...noteOf(all, trackedNotes),
            differenceNote,
            raceNote,
          ]
            .map(note => `- ${note}`)
            .join('\n'),
          ...all.flatMap(section),
        ]),
  ].join('\n\n')
  return formatted(documentPath, text)
}
