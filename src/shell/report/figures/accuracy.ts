/** Figure: signal, noise and bias of the measured gradient over the outer iterations, and the multiplier κ that they decide. */
import { accuracyRows, type AccuracyRow } from '../data/accuracy.js'
import type { Run } from '../Run.js'
import { iterationAxis, panelWidth, rounded, roundNumbers, type Figure, type Spec } from './Figure.js'
import { distinct } from './theme.js'

const lengths = ['signal', 'noise', 'deviation', 'bias'] as const

const titles: Readonly<Record<AccuracyRow['quantity'], string>> = {
  signal: 'signal',
  noise: 'noise of one pair',
  deviation: 'noise of the average',
  bias: 'bias',
  multiplier: 'multiplier κ',
}

const logarithmic = (values: ReadonlyArray<number>, count: number): Spec => {
  const [least, most] = [Math.min(...values) / 1.3, 1.3 * Math.max(...values)]
  return {
    scale: { type: 'log', nice: false, domain: [least, most] },
    axis: { values: roundNumbers(least, most, count), format: '~g' },
  }
}

/** The figure of a run; `null` if its method does not measure the accuracy of its gradient. */
export const accuracyFigure = (run: Run, id: string): Figure | null => {
  const rows = accuracyRows(run)
  // A logarithmic scale has no zero.
  const lines = rows
    .filter(({ quantity, value }) => quantity !== 'multiplier' && value > 0)
    .map(row => ({ ...row, name: titles[row.quantity] }))
  const kappas = rows.filter(({ quantity, value }) => quantity === 'multiplier' && value > 0)
  if (lines.length === 0 || kappas.length === 0) return null
  const last = (quantity: AccuracyRow['quantity']): string =>
    rounded(rows.findLast(row => row.quantity === quantity)?.value ?? 0)
  return {
    id,
    title: `How well ${run.name} knew its gradient`,
    description:
      'First panel: the length of the gradient without its noise (signal), the standard deviation of one pair of descents and of ' +
      'the average over pairs that λ follows, and the estimated error that grows with 1/κ (bias). Where the line of the signal is missing, it is within its noise. Second panel: the multiplier κ, which falls where ' +
      'noise exceeds its share of the signal, and rises where bias does. ' +
      `At the end: signal ${last('signal')}, noise of one pair ${last('noise')}, of the average ${last('deviation')}, bias ${last('bias')}, κ ${last('multiplier')}.`,
    spec: frame => {
      const width = panelWidth(frame, frame.columns)
      const { color, dash, shape } = distinct(
        'name',
        lengths.map(quantity => titles[quantity]),
        frame.width,
      )
      const x = iterationAxis
      const y = (title: string, values: ReadonlyArray<{ readonly value: number }>) => ({
        field: 'value',
        type: 'quantitative',
        title,
        ...logarithmic(
          values.map(({ value }) => value),
          5,
        ),
      })
      const panel = { width, height: Math.round(0.6 * width) }
      return {
        concat: [
          {
            ...panel,
            data: { values: lines },
            encoding: { x, y: y('length, in units of F', lines), color },
            layer: [
              { mark: { type: 'line', strokeWidth: 1.5 }, encoding: { strokeDash: dash } },
              { mark: { type: 'point', filled: true, size: 30, opacity: 1 }, encoding: { shape } },
            ],
          },
          {
            ...panel,
            data: { values: kappas },
            mark: { type: 'line', strokeWidth: 1.5, point: { size: 30 } },
            encoding: { x, y: y(titles.multiplier, kappas) },
          },
        ],
        columns: frame.columns,
        spacing: 20,
      }
    },
    table: {
      head: ['outer iteration', 'quantity', 'value'],
      rows: rows.map(({ iteration, quantity, value }) => [iteration, titles[quantity], value]),
    },
  }
}
