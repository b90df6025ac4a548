/**
 * The table a run ends with. Every number of weights that were trained on validation data is marked: it is no
 * measure of how well weights trained on the training set alone would do there.
 */
import Table from 'cli-table3'
import type { Metrics } from '../../core/protocol/Observation.js'
import type { Summary, SummaryRow } from './Summary.js'

const mark = '†'

const loss = (metrics: Metrics | null | undefined, marked = false): string =>
  metrics === null || metrics === undefined ? '–' : metrics.loss.toFixed(4) + (marked ? ` ${mark}` : '')

const share = (metrics: Metrics | null | undefined, marked = false): string =>
  metrics?.accuracy === null || metrics?.accuracy === undefined
    ? '–'
    : `${(100 * metrics.accuracy).toFixed(2)} %${marked ? ` ${mark}` : ''}`

const mostComponents = 4

const lambdaText = (lambda: ReadonlyArray<number>): string =>
  lambda
    .slice(0, mostComponents)
    .map(component => component.toFixed(3))
    .join('\n') + (lambda.length > mostComponents ? `\n… ${lambda.length} in all` : '')

const head = [
  '',
  'λ',
  'validation\nloss',
  'validation\naccuracy',
  'test\nloss',
  'test\naccuracy',
  'lower-level\nsolves',
  'effort,\nepochs',
  'seconds',
]

/** A row's lines: the λ it found, judged by retrained weights, then what else was trained there. */
const linesOf = (row: SummaryRow, seconds: number | undefined): ReadonlyArray<ReadonlyArray<string>> => [
  [
    row.name,
    lambdaText(row.lambda),
    loss(row.trained?.validation),
    share(row.trained?.validation),
    loss(row.trained?.test),
    share(row.trained?.test),
    String(row.lowerLevelSolves),
    row.effortEpochs.toFixed(0),
    seconds === undefined ? '–' : seconds.toFixed(1),
  ],
  ...(row.refit === null
    ? []
    : [
        [
          '  refit',
          '',
          loss(row.refit.validation, true),
          share(row.refit.validation, true),
          loss(row.refit.test, true),
          share(row.refit.test, true),
          '',
          '',
          '',
        ],
      ]),
  ...(row.bilevelWeights === null
    ? []
    : [
        [
          '  bilevel weights',
          '',
          loss(row.bilevelWeights.validation, true),
          share(row.bilevelWeights.validation, true),
          loss(row.bilevelWeights.test, true),
          share(row.bilevelWeights.test, true),
          '',
          '',
          '',
        ],
      ]),
]

const footnotes = (rows: ReadonlyArray<SummaryRow>): ReadonlyArray<string> => {
  const marked = rows.some(row => row.refit !== null || row.bilevelWeights !== null)
  return [
    'Unmarked losses and accuracies are of weights retrained at that λ on the training set alone; λ itself was chosen ' +
      'by the validation set. Nothing was chosen by the test set.',
    ...(marked
      ? [
          `${mark} These weights were trained on validation data too: refit trains on the training and validation set together, ` +
            'the bilevel weights descended on the validation loss. Compare them only on the test set, and only with ' +
            'weights that saw as much.',
        ]
      : []),
    'Solves, epochs and seconds are those until λ was found; one epoch is one gradient of every training example.',
  ]
}

/** The whole table with its footnotes. `seconds` by the name of the row. */
export const resultTable = (summary: Summary, seconds: Readonly<Record<string, number>>): string => {
  const table = new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  })
  for (const row of summary.rows) table.push(...linesOf(row, seconds[row.name]).map(cells => [...cells]))
  const names = summary.hyperparameters.slice(0, mostComponents).join(', ')
  const rest = summary.hyperparameters.length > mostComponents ? ', …' : ''
  return [table.toString(), `λ: ${names}${rest}.`, ...footnotes(summary.rows)].join('\n')
}
