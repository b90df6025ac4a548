/** The table that `bilevel compare` prints, in 80 columns. */
import Table from 'cli-table3'
import { wrapped } from '../../run/wrapped.js'
import { type Analysis, type Duel, type Standing, tracksOf } from '../result/Analysis.js'
import type { Comparison } from '../result/Comparison.js'
import { difference, epochs, nothing, stacked } from './figures.js'
import { differenceNote, mark, ownNotes, raceNote, tableNotes, trackedMark, trackedNotes } from './notes.js'

const rules = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'right',
  'right-mid',
]

const drawn = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    chars: {
      ...Object.fromEntries(rules.map(name => [name, ''])),
      mid: '─',
      'mid-mid': '─',
      middle: ' ',
    },
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
  })
  for (const row of rows) table.push([...row])
  return table.toString()
}

const nameColumns = 14

const named = (label: string): string =>
  (label.match(new RegExp(`.{1,${nameColumns}}`, 'g')) ?? [label]).join('\n')

const marked = (text: string, sign = mark): string =>
  text === nothing ? text : text.replace(/^[^\n]+/, `$&${sign}`)

/** The cells from `runs` to `proc. s` of other weights at the same λ. */
const noCosts: ReadonlyArray<string> = ['', '', '', '', '']

const rowsOf = ({ label, planned, finished, of }: Standing): ReadonlyArray<ReadonlyArray<string>> => [
  [
    named(label),
    `${finished}/${planned}`,
    stacked(of.lowerLevelSolves, 1),
    stacked(of.effortEpochs, 0),
    stacked(of.seconds, 1),
    stacked(of.processorSeconds, 1),
    stacked(of.trainedValidationLoss, 4),
    stacked(of.trainedTestLoss, 4),
    stacked(of.refitTestLoss, 4),
    stacked(of.refitTestAccuracy, 2, 100),
  ],
  ...(of.ownTestLoss === null && of.ownValidationLoss === null
    ? []
    : [
        [
          '  bilevel\n  weights',
          ...noCosts,
          marked(stacked(of.ownValidationLoss, 4)),
          marked(stacked(of.ownTestLoss, 4)),
          '',
          '',
        ],
      ]),
  ...(of.trackedValidationLoss === null && of.pathRefitTestLoss === null
    ? []
    : [
        [
          '  tracked,\n  path refit',
          ...noCosts,
          marked(stacked(of.trackedValidationLoss, 4), trackedMark),
          marked(stacked(of.trackedTestLoss, 4), trackedMark),
          marked(stacked(of.pathRefitTestLoss, 4), trackedMark),
          stacked(of.pathRefitTestAccuracy, 2, 100),
        ],
      ]),
]

const head = [
  '',
  'runs',
  'solves',
  'epochs',
  's',
  'proc.\ns',
  'trained\nvalid.',
  'trained\ntest',
  'refit\ntest',
  'refit\nacc. %',
]

/** A table of differences to each rival, with intervals on a line of their own. */
const duelTable = (
  duels: ReadonlyArray<Duel>,
  columns: ReadonlyArray<string>,
  cells: (of: Duel['of']) => ReadonlyArray<string>,
): string =>
  drawn(
    [`${duels[0]?.label ?? ''} −`, ...columns],
    duels.map(({ rival, of }) => [named(rival), ...cells(of).map(text => text.replace(' [', '\n['))]),
  )

/** The failed runs with their reasons. */
export const failures = ({ runs }: Comparison): ReadonlyArray<string> =>
  runs.flatMap(run =>
    run._tag === 'Failed' ? [`${run.label} seed ${run.seed} (${run.folder}): ${run.reason}`] : [],
  )

/**
 * All tables with their notes.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { analyseComparison, comparisonTable, readComparison } from 'bilevel-hpo/shell'
 *
 * const read = readComparison('comparison')
 * const table = E.isRight(read) && read.right !== null ? comparisonTable(read.right, analyseComparison(read.right)) : ''
 * table.includes('hyperband') // => true
 * ```
 */
export const comparisonTable = (comparison: Comparison, analysis: Analysis): string => {
  const { standings, duels, paces } = analysis
  const paragraphs = (notes: ReadonlyArray<string>): string => notes.map(note => wrapped(note)).join('\n')
  const sections = [
    drawn(head, standings.flatMap(rowsOf)),
    paragraphs([...tableNotes(comparison), ...ownNotes(analysis), ...trackedNotes(analysis)]),
  ]
  if (duels.length > 0)
    sections.push(
      duelTable(duels, ['trained valid.', 'refit test', 'refit acc. %'], of => [
        difference(of.trainedValidationLoss, 4),
        difference(of.refitTestLoss, 4),
        difference(of.refitTestAccuracy, 2, 100),
      ]),
      ...(tracksOf(duels)
        ? [
            duelTable(duels, [`tracked${trackedMark} valid.`, `path refit${trackedMark} test`], of => [
              difference(of.trackedValidationLoss, 4),
              difference(of.pathRefitTestLoss, 4),
            ]),
          ]
        : []),
      paragraphs([differenceNote]),
    )
  if (paces.length > 0)
    sections.push(
      drawn(
        ['', 'retrained', 'seeds', 'or continued', 'seeds'],
        paces.map(({ label, retrained, trained, seeds, times }) => [
          named(label),
          epochs(retrained),
          `${times.retrained}/${seeds}`,
          epochs(trained),
          `${times.trained}/${seeds}`,
        ]),
      ),
      paragraphs([raceNote]),
    )
  const failed = failures(comparison)
  if (failed.length > 0)
    sections.push(paragraphs([`${failed.length} run(s) failed and are not in the means:`, ...failed]))
  return sections.join('\n\n')
}
