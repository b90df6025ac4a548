/**
 * The result table of a run, in 80 columns. Losses of weights that were trained on validation data are marked: they do not
 * measure generalization on the validation set.
 */
import Table from 'cli-table3'
import type { Metrics, SetMetrics } from '../../core/protocol/Observation.js'
import type { Summary, SummaryRow } from '../record/Summary.js'
import { decayText } from '../base/WeightDecays.js'
import { wrapped } from './wrapped.js'

const mark = '†'
const trackedMark = '‡'

const loss = (metrics: Metrics | null | undefined, suffix = ''): string =>
  metrics === null || metrics === undefined ? '–' : metrics.loss.toFixed(4) + suffix

const percent = (metrics: Metrics | null | undefined, suffix = ''): string =>
  metrics?.accuracy === null || metrics?.accuracy === undefined
    ? '–'
    : (100 * metrics.accuracy).toFixed(2) + suffix

/** The width of a row's name. A longer name is wrapped. */
const nameColumns = 17

const mostComponents = 4

const listText = (components: ReadonlyArray<number>, text: (component: number) => string): string =>
  components.slice(0, mostComponents).map(text).join('\n') +
  (components.length > mostComponents ? `\n… ${components.length} in all` : '')

const lambdaText = (lambda: ReadonlyArray<number>): string =>
  listText(lambda, component => component.toFixed(3))

const head = [
  '',
  'λ',
  'valid.\nloss',
  'valid.\nacc. %',
  'test\nloss',
  'test\nacc. %',
  'solves',
  'epochs',
  'seconds',
]

/** The cells beside a row's name and its λ. */
const empty: ReadonlyArray<string> = head.slice(2).map(() => '')

const measured = (metrics: SetMetrics | null, suffix = ''): ReadonlyArray<string> => [
  loss(metrics?.validation, suffix),
  percent(metrics?.validation, suffix),
  loss(metrics?.test, suffix),
  percent(metrics?.test, suffix),
]

/** The lines of a row: its λ with the losses of retrained weights, the losses of other weights there, and λ as weight decay. */
const linesOf = (row: SummaryRow, seconds: number | undefined): ReadonlyArray<ReadonlyArray<string>> => {
  const otherWeights = (
    name: string,
    metrics: SetMetrics | null | undefined,
    suffix = mark,
  ): ReadonlyArray<ReadonlyArray<string>> =>
    metrics === null || metrics === undefined
      ? []
      : [[`  ${name}`, '', ...measured(metrics, suffix), '', '', '']]
  return [
    [
      wrapped(row.name, nameColumns),
      lambdaText(row.lambda),
      ...measured(row.trained),
      String(row.lowerLevelSolves),
      row.effortEpochs.toFixed(0),
      seconds === undefined ? '–' : seconds.toFixed(1),
    ],
    ...otherWeights('tracked', row.tracked, trackedMark),
    ...otherWeights('refit', row.refit),
    ...otherWeights('path refit', row.pathRefit),
    ...otherWeights('bilevel weights', row.bilevelWeights),
    ...(row.weightDecay === undefined
      ? []
      : [['  weight decay', listText(Object.values(row.weightDecay), decayText), ...empty]]),
  ]
}

const footnotes = (rows: ReadonlyArray<SummaryRow>): ReadonlyArray<string> => {
  const marked = rows.some(row => row.refit !== null || row.bilevelWeights !== null)
  const tracked = rows.some(row => row.tracked !== undefined)
  const decayed = rows.some(row => row.weightDecay !== undefined)
  return [
    'Losses (mean cross-entropy) and accuracies without a mark are of weights retrained at that λ on the training set alone; λ itself was chosen ' +
      'by the validation set. Nothing was chosen by the test set.',
    ...(marked
      ? [
          `${mark} These weights were trained on validation data too: refit trains on the training and validation set together, ` +
            'the bilevel weights descended on the validation loss. Compare them only on the test set, and only with ' +
            'weights that saw as much.',
        ]
      : []),
    ...(tracked
      ? [
          `${trackedMark} Tracked weights followed λ's path on the training set alone. The path refit repeats this path on ` +
            'training and validation set together.',
        ]
      : []),
    ...(decayed ? ['Weight decay: exp(λ)/(2N) of the L2 coefficients, with N training examples.'] : []),
    'Solves of the lower level, epochs and seconds are those until λ was found; one epoch is one gradient of every ' +
      'training example.',
  ]
}

/** A sentence on which hyperparameters mattered; none for a single one. */
const gainsNote = ({ hyperparameters, rows }: Summary): ReadonlyArray<string> =>
  rows.flatMap(({ gains = [] }) => {
    if (gains.length < 2) return []
    const largest = gains
      .map((gain, k) => ({ gain, name: hyperparameters[k] ?? `λ${k}` }))
      .sort((a, b) => Math.abs(b.gain) - Math.abs(a.gain))
      .slice(0, mostComponents)
      .map(({ gain, name }) => `${name} ${gain.toFixed(4)}`)
    const rest = gains.length > mostComponents ? `, … (${gains.length} in all)` : ''
    return [`Fall of the validation loss along λ's path, by hyperparameter: ${largest.join(', ')}${rest}.`]
  })

const rules = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
].concat(['left', 'left-mid', 'right', 'right-mid'])

/** The whole table with its footnotes. `seconds`: by the name of the row. */
export const resultTable = (summary: Summary, seconds: Readonly<Record<string, number>>): string => {
  const table = new Table({
    head,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    // Only one rule, below the head. One space between columns.
    chars: {
      ...Object.fromEntries(rules.map(name => [name, ''])),
      mid: '─',
      'mid-mid': '─',
      middle: ' ',
    },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  })
  for (const row of summary.rows) table.push(...linesOf(row, seconds[row.name]).map(cells => [...cells]))
  const names = summary.hyperparameters.slice(0, mostComponents).join(', ')
  const rest = summary.hyperparameters.length > mostComponents ? ', …' : ''
  const notes = [`λ: ${names}${rest}.`, ...gainsNote(summary), ...footnotes(summary.rows)]
  return [table.toString(), '', ...notes.map(note => wrapped(note))].join('\n')
}
