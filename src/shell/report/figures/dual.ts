/** Figure: violation, multiplier, penalty and tolerance over the outer iterations, a panel each. */
import { dualRows, quantities, type DualRow } from '../data/dual.js'
import type { Run } from '../Run.js'
import { panelWidth, rounded, type Figure, type Spec } from './Figure.js'
import { distinct, text } from './Theme.js'

const titles: Readonly<Record<DualRow['quantity'], string>> = {
  violation: 'violation f − φ',
  multiplier: 'multiplier μ',
  penalty: 'penalty ρ',
  epsilon: 'tolerance ε',
}

/** More runs than these get no legend: they are lines of one kind. */
const mostNamed = 6

/** Powers of ten up to `most`, from about `least`, each with both signs where values have both. */
const decades = (least: number, most: number, negative: boolean): ReadonlyArray<number> => {
  const from = Math.ceil(Math.log10(least))
  const to = Math.floor(Math.log10(most))
  const stride = Math.max(1, Math.ceil((to - from + 1) / 4))
  const powers = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => 10 ** (from + i)).filter(
    (_, i) => i % stride === 0,
  )
  return [...(negative ? powers.map(power => -power) : []), 0, ...powers]
}

/** Zero and either sign must have a place, and small violations must be seen. */
const violationScale = (values: ReadonlyArray<number>, tolerances: ReadonlyArray<number>) => {
  const sizes = values.map(Math.abs)
  const most = Math.max(...sizes, ...tolerances)
  const constant = Math.max(1e-12, most * 1e-9, Math.min(...tolerances.filter(value => value > 0), most || 1))
  return {
    scale: { type: 'symlog', constant, nice: false, padding: 6 },
    axis: { values: decades(constant, most, values.some(value => value < 0)), format: '.0e' },
  }
}

const spread = (values: ReadonlyArray<number>): boolean =>
  Math.min(...values) > 0 && Math.max(...values) > 5 * Math.min(...values)

/** `null` where no run measured a violation. */
export const dualFigure = (runs: ReadonlyArray<Run>): Figure | null => {
  const rows = runs.flatMap(dualRows)
  if (rows.length === 0) return null
  const names = [...new Set(rows.map(({ run }) => run))]
  const named = names.length <= mostNamed
  const { color, dash, shape } = distinct('run', names)
  const series = named ? { color, strokeDash: dash } : { detail: { field: 'run' } }
  const of = (quantity: DualRow['quantity']) => rows.filter(row => row.quantity === quantity)
  const valuesOf = (quantity: DualRow['quantity']) => of(quantity).map(({ value }) => value)
  const x = {
    field: 'iteration',
    type: 'quantitative',
    title: 'outer iteration',
    axis: { tickMinStep: 1, grid: false },
    scale: { zero: false, nice: false, padding: 6 },
  }
  const yOf = (quantity: DualRow['quantity']): Spec => ({
    field: 'value',
    type: 'quantitative',
    title: titles[quantity],
    ...(quantity === 'violation'
      ? violationScale(valuesOf('violation'), valuesOf('epsilon'))
      : {
          scale: {
            type: spread(valuesOf(quantity)) ? 'log' : 'linear',
            zero: false,
            nice: quantity === 'epsilon',
            padding: 6,
          },
          axis: { tickCount: 4, format: quantity === 'multiplier' ? '.3~s' : '.0e' },
        }),
  })
  const panel = (quantity: DualRow['quantity'], width: number, height: number): Spec => {
    const y = yOf(quantity)
    const line = { type: 'line', strokeWidth: 1.5, ...(named ? {} : { color: text.light, opacity: 0.5 }) }
    return {
      width,
      height,
      layer: [
        ...(quantity === 'violation'
          ? [
              {
                data: { values: of('epsilon') },
                mark: { ...line, strokeWidth: 1, opacity: 0.6 },
                encoding: { x, y, ...(named ? { color, detail: { field: 'run' } } : series) },
              },
            ]
          : []),
        {
          data: { values: of(quantity) },
          mark: quantity === 'violation' ? { ...line, opacity: 0 } : line,
          encoding: { x, y, ...series },
        },
        {
          data: { values: of(quantity) },
          mark: { type: 'point', filled: true, size: 36, opacity: 1, ...(named ? {} : { color: text.light }) },
          encoding: { x, y, ...(named ? { color, shape } : {}) },
        },
      ],
    }
  }
  const last = (quantity: DualRow['quantity']): string => {
    const ends = names.flatMap(run => of(quantity).filter(row => row.run === run).slice(-1))
    const values = ends.map(({ value }) => value)
    const [least, most] = [rounded(Math.min(...values)), rounded(Math.max(...values))]
    return `${titles[quantity]} ${least === most ? least : `${least} to ${most}`}`
  }
  return {
    id: 'dual',
    title: 'Violation, multiplier, penalty and tolerance',
    description:
      'Over the outer iterations of the bilevel method: the violation that each measured (marks) with the tolerance ε that it ' +
      'was to meet (thin line), on a scale that is linear about zero and logarithmic away from it; the multiplier, the ' +
      `penalty, and ε again. At the end: ${quantities
        .filter(quantity => of(quantity).length > 0)
        .map(last)
        .join('; ')}.`,
    spec: frame => {
      const width = panelWidth(frame, frame.columns)
      return {
        concat: quantities
          .filter(quantity => of(quantity).length > 0)
          .map(quantity => panel(quantity, width, Math.round(0.6 * width))),
        columns: frame.columns,
        spacing: 20,
      }
    },
    table: {
      head: ['run', 'outer iteration', 'quantity', 'value'],
      rows: rows.map(({ run, outerIteration, quantity, value }) => [
        run,
        outerIteration,
        titles[quantity],
        value,
      ]),
    },
  }
}
