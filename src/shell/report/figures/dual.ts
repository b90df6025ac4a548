/** Figure: violation, multiplier, penalty and tolerance over the outer iterations, one panel for each. */
import { dualRows, quantities, type DualRow } from '../data/dual.js'
import type { Run } from '../Run.js'
import { filled, iterationAxis, panelWidth, rounded, roundNumbers, type Figure, type Spec } from './Figure.js'
import { distinct, text } from './theme.js'

const titles: Readonly<Record<DualRow['quantity'], string>> = {
  violation: 'violation f − φ',
  multiplier: 'multiplier μ',
  penalty: 'penalty ρ',
  epsilon: 'tolerance ε',
}

/** With more runs than this, there is no legend, and all lines look alike. */
const mostNamed = 6

/** Labels of an axis: 0.0004 becomes 4e-4, and 250 stays 250. */
const number = {
  labelExpr:
    "abs(datum.value) >= 0.01 && abs(datum.value) < 1e5 || datum.value === 0 ? format(datum.value, '~g') : format(datum.value, '.2~e')",
}

/** A symmetric logarithmic scale: it has zero and both signs, and makes small violations visible. */
const violationScale = (values: ReadonlyArray<number>, tolerances: ReadonlyArray<number>) => {
  const most = Math.max(...values.map(Math.abs), ...tolerances, 1e-300)
  const constant = Math.max(1e-9 * most, Math.min(most, ...tolerances.filter(value => value > 0)))
  const ticks = roundNumbers(constant, most, 3)
  const negative = values.some(value => value < 0)
  return {
    scale: { type: 'symlog', constant, nice: false, padding: 6 },
    axis: {
      ...number,
      values: [...(negative ? ticks.map(tick => -tick) : []), 0, ...ticks],
    },
  }
}

const logarithmic = (values: ReadonlyArray<number>) => ({
  scale: { type: 'log', nice: false, padding: 6 },
  axis: { ...number, values: roundNumbers(0.9 * Math.min(...values), 1.1 * Math.max(...values), 5) },
})

/** A logarithmic scale with a margin of a factor of three, so that nearly constant values look constant. */
const decades = (values: ReadonlyArray<number>) => {
  const [least, most] = [Math.min(...values) / 3, 3 * Math.max(...values)]
  return {
    scale: { type: 'log', nice: false, domain: [least, most] },
    axis: { ...number, values: roundNumbers(least, most, 4) },
  }
}

const linear = { scale: { zero: false, nice: false, padding: 6 }, axis: { ...number, tickCount: 4 } }

const spread = (values: ReadonlyArray<number>): boolean =>
  Math.min(...values) > 0 && Math.max(...values) > 5 * Math.min(...values)

/** The figure; `null` if no run has measured a violation. */
export const dualFigure = (runs: ReadonlyArray<Run>): Figure | null => {
  const rows = runs.flatMap(dualRows)
  if (rows.length === 0) return null
  const names = [...new Set(rows.map(({ run }) => run))]
  const named = names.length <= mostNamed
  const of = (quantity: DualRow['quantity']) => rows.filter(row => row.quantity === quantity)
  const valuesOf = (quantity: DualRow['quantity']) => of(quantity).map(({ value }) => value)
  const x = iterationAxis
  const yOf = (quantity: DualRow['quantity']): Spec => ({
    field: 'value',
    type: 'quantitative',
    title: titles[quantity],
    ...(quantity === 'violation'
      ? violationScale(valuesOf('violation'), valuesOf('epsilon'))
      : quantity === 'penalty' && Math.min(...valuesOf(quantity)) > 0
        ? decades(valuesOf(quantity))
        : spread(valuesOf(quantity))
          ? logarithmic(valuesOf(quantity))
          : linear),
  })
  const panel = (quantity: DualRow['quantity'], width: number, height: number, whole: number): Spec => {
    const { color, dash, shape } = distinct('run', names, whole)
    const series = named ? { color, strokeDash: dash } : { detail: { field: 'run' } }
    const y = yOf(quantity)
    const line = { type: 'line', strokeWidth: 1.5, ...(named ? {} : { color: text.light, opacity: 0.5 }) }
    return {
      width,
      height,
      layer: filled([
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
          data: { values: named || quantity === 'violation' ? of(quantity) : [] },
          mark: {
            type: 'point',
            filled: true,
            size: 36,
            opacity: 1,
            ...(named ? {} : { color: text.light }),
          },
          encoding: { x, y, ...(named ? { color, shape } : {}) },
        },
      ]),
    }
  }
  const last = (quantity: DualRow['quantity']): string => {
    const ends = names.flatMap(run =>
      of(quantity)
        .filter(row => row.run === run)
        .slice(-1),
    )
    const values = ends.map(({ value }) => value)
    const [least, most] = [rounded(Math.min(...values)), rounded(Math.max(...values))]
    return `${titles[quantity]} ${least === most ? least : `${least} to ${most}`}`
  }
  return {
    id: 'dual',
    title: 'Violation, multiplier, penalty and tolerance',
    description:
      'The outer iterations of the bilevel method. First panel: the measured violation (marks) and the tolerance ε that it ' +
      'must meet (thin line), on a scale that is linear near zero and logarithmic elsewhere. Other panels: the multiplier, the ' +
      `penalty, and ε. At the end: ${quantities
        .filter(quantity => of(quantity).length > 0)
        .map(last)
        .join('; ')}.`,
    spec: frame => {
      const width = panelWidth(frame, frame.columns)
      return {
        concat: quantities
          .filter(quantity => of(quantity).length > 0)
          .map(quantity => panel(quantity, width, Math.round(0.6 * width), frame.width)),
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
