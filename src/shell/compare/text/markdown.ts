/** The text of `comparison.md`, a comparison for people. It is rewritten after each run. */
import { analyse, type Analysis, type Standing, tracksOf } from '../result/Analysis.js'
import type { Comparison, FinishedRun } from '../result/Comparison.js'
import { difference, epochs, inline, nothing } from './figures.js'
import {
  differenceNote,
  mark,
  ownNotes,
  raceNote,
  renewalNotes,
  tableNotes,
  trackedMark,
  trackedNotes,
} from './notes.js'
import { failures } from './table.js'

type Cells = ReadonlyArray<string>

/** Escapes text for a table cell. */
const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ')

/** A Markdown table with padded columns: the first is aligned to the left, all others to the right. */
export const markdownTable = (head: Cells, rows: ReadonlyArray<Cells>): string => {
  const all = [head, ...rows].map(row => row.map(cell))
  const widths = head.map((_, i) => Math.max(4, ...all.map(row => (row[i] ?? '').length)))
  const line = (cells: Cells): string =>
    `| ${cells.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join(' | ')} |`
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(all[0]!), line(rule), ...all.slice(1).map(line)].join('\n')
}

const mainHead = [
  'method',
  'runs',
  'solves',
  'epochs',
  'seconds',
  'processor s',
  'trained: validation loss',
  'trained: test loss',
  'refit: test loss',
  'refit: test accuracy %',
]

/** The cells from `runs` to `processor s` of other weights at the same λ. */
const noCosts: Cells = ['', '', '', '', '']

const mainRows = ({ label, planned, finished, of }: Standing): ReadonlyArray<Cells> => [
  [
    label,
    `${finished}/${planned}`,
    inline(of.lowerLevelSolves, 1),
    inline(of.effortEpochs, 0),
    inline(of.seconds, 1),
    inline(of.processorSeconds, 1),
    inline(of.trainedValidationLoss, 4),
    inline(of.trainedTestLoss, 4),
    inline(of.refitTestLoss, 4),
    inline(of.refitTestAccuracy, 2, 100),
  ],
  ...(of.ownTestLoss === null && of.ownValidationLoss === null
    ? []
    : [
        [
          `${label}: bilevel weights ${mark}`,
          ...noCosts,
          inline(of.ownValidationLoss, 4),
          inline(of.ownTestLoss, 4),
          '',
          '',
        ],
      ]),
  ...(of.trackedValidationLoss === null && of.pathRefitTestLoss === null
    ? []
    : [
        [
          `${label}: tracked, path refit ${trackedMark}`,
          ...noCosts,
          inline(of.trackedValidationLoss, 4),
          inline(of.trackedTestLoss, 4),
          inline(of.pathRefitTestLoss, 4),
          inline(of.pathRefitTestAccuracy, 2, 100),
        ],
      ]),
]

/** The table of methods: means over seeds. */
export const mainTable = ({ standings }: Analysis): string =>
  markdownTable(mainHead, standings.flatMap(mainRows))

/** The table of paired differences. */
export const differenceTable = ({ duels }: Analysis): string => {
  const tracks = tracksOf(duels)
  return markdownTable(
    [
      `${duels[0]?.label ?? ''} −`,
      'trained: validation loss',
      'refit: test loss',
      'refit: test accuracy, points',
      ...(tracks ? [`tracked ${trackedMark}: validation loss`, `path refit ${trackedMark}: test loss`] : []),
    ],
    duels.map(({ rival, of }) => [
      rival,
      difference(of.trainedValidationLoss, 4),
      difference(of.refitTestLoss, 4),
      difference(of.refitTestAccuracy, 2, 100),
      ...(tracks ? [difference(of.trackedValidationLoss, 4), difference(of.pathRefitTestLoss, 4)] : []),
    ]),
  )
}

/** The table of the effort that each method needed to come near the best. */
export const raceTable = ({ paces, races }: Analysis): string =>
  markdownTable(
    [
      'method',
      'retrained, median',
      'reached',
      'or continued, median',
      'reached',
      ...races.map(({ seed }) => `seed ${seed}`),
    ],
    paces.map(({ label, retrained, trained, seeds, times }) => [
      label,
      epochs(retrained),
      `${times.retrained}/${seeds}`,
      epochs(trained),
      `${times.trained}/${seeds}`,
      ...races.map(race => {
        const here = race.reached.find(one => one.label === label)
        if (here === undefined) return nothing
        return here.trained === here.retrained
          ? epochs(here.retrained)
          : `${epochs(here.retrained)} (${epochs(here.trained)})`
      }),
    ]),
  )

const figure = (value: number | null, digits = 4): string =>
  value === null ? nothing : value.toFixed(digits).replace('-', '−')

/** The table of single runs. */
const runTable = (runs: ReadonlyArray<FinishedRun>): string =>
  markdownTable(
    [
      'run',
      'λ',
      'solves',
      'epochs',
      'processor s',
      'trained: validation',
      'trained: test',
      'refit: test',
      'stopped',
    ],
    runs.map(({ label, seed, result, timings, stopReason }) => [
      `${label}, seed ${seed}`,
      result.lambda.map(component => figure(component, 2)).join(', '),
      String(result.lowerLevelSolves),
      result.effortEpochs.toFixed(0),
      figure(timings.processorSeconds, 1),
      figure(result.trained?.validation.loss ?? null),
      figure(result.trained?.test?.loss ?? null),
      figure(result.refit?.test?.loss ?? null),
      stopReason,
    ]),
  )

const ratioText = (value: number | null): string =>
  value === null ? 'not defined, since one of the two never came near' : value.toFixed(2)

/** The answer to the comparison's main question: whether our method was faster and no worse. */
export const verdictText = ({ verdict }: Analysis): ReadonlyArray<string> => {
  if (verdict === null) return []
  const { label, effortRatio, fastestRival, bestRival, refit, noWorse } = verdict
  return [
    `Effort of ${label} to come near the best, divided by that of the fastest rival${fastestRival === null ? '' : ` (${fastestRival})`}: ` +
      `${ratioText(effortRatio.retrained)} with retrained weights; ${ratioText(effortRatio.trained)} if continued weights count, too.`,
    ...(bestRival === null || refit === null || noWorse === null
      ? []
      : [
          `Refitted test loss against the best rival's (${bestRival}): ${difference(refit, 4)}; ` +
            (refit.standardError === null
              ? `${noWorse ? 'no worse' : 'worse'}, judged by one seed.`
              : `${noWorse ? 'no worse' : 'worse'} within one standard error (${refit.standardError.toFixed(4)}).`),
        ]),
  ]
}

const bullets = (notes: ReadonlyArray<string>): string => notes.map(note => `- ${note}`).join('\n')

const versionsOf = (runs: ReadonlyArray<FinishedRun>): string => {
  const all = [...new Set(runs.map(({ versions }) => JSON.stringify(versions)))]
  if (all.length === 0) return 'No run has ended yet.'
  return all.length === 1
    ? `Versions: \`${all[0] ?? ''}\`.`
    : `The versions differ between runs: ${all.map(text => `\`${text}\``).join('; ')}.`
}

/**
 * The text of `comparison.md`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { comparisonMarkdown, readComparison } from 'bilevel-hpo/shell'
 *
 * const read = readComparison('comparison')
 * const text = E.isRight(read) && read.right !== null ? comparisonMarkdown(read.right) : ''
 * text.split('\n')[0] // => '# mnist-mlp-1k: 5 method(s), 5 seed(s)'
 * ```
 */
export const markdown = (comparison: Comparison): string => {
  const analysis = analyse(comparison)
  const { plan, machine, runs } = comparison
  const finished = runs.flatMap(run => (run._tag === 'Finished' ? [run] : []))
  const pending = runs.filter(({ _tag }) => _tag === 'Pending').length
  const failed = failures(comparison)
  const sections = [
    `# ${plan.name}: ${plan.contenders.length} method(s), ${plan.seeds.length} seed(s)`,
    ...(pending === 0 ? [] : [`**Not complete: ${pending} of ${runs.length} runs have not ended yet.**`]),
    mainTable(analysis),
    bullets([...tableNotes(comparison), ...ownNotes(analysis), ...trackedNotes(analysis)]),
    ...(analysis.duels.length === 0 ? [] : ['## Differences', differenceTable(analysis), differenceNote]),
    ...(analysis.paces.length === 0
      ? []
      : ['## Effort to come near the best', raceTable(analysis), raceNote]),
    ...verdictText(analysis),
    ...(failed.length === 0 ? [] : ['## Failed runs', bullets(failed.map(cell))]),
    ...(finished.length === 0 ? [] : ['## Runs', runTable(finished)]),
    '## What was run',
    `${machine.processors} processor(s) (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.jobs} run(s) at a time, backend ` +
      `${plan.backend}, seeds ${plan.seeds.join(', ')}. ${versionsOf(finished)}`,
    ...renewalNotes(comparison),
    `\`\`\`json\n${JSON.stringify({ ...plan.task, methods: plan.contenders.map(({ label, method, options }) => ({ name: method, ...(label === method ? {} : { label }), ...options })) }, null, 2)}\n\`\`\``,
  ]
  return `${sections.join('\n\n')}\n`
}
