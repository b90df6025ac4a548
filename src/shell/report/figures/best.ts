/** Figures: the best validation loss against effort, one line per method; its value, and relative to the best of its seed. */
import { aboveBest, bestMeans, bestOf, returned, type BestPoint, type BestRun } from '../data/best.js'
import { methodsOf, type Run } from '../Run.js'
import { filled, lossAxis, rounded, type Figure, type Frame, type Spec } from './Figure.js'
import { distinct, text } from './theme.js'

const range = (values: ReadonlyArray<number>): string => {
  const [least, most] = [rounded(Math.min(...values)), rounded(Math.max(...values))]
  return least === most ? least : `${least} to ${most}`
}

const perMethod = (methods: ReadonlyArray<string>, lines: ReadonlyArray<ReadonlyArray<BestPoint>>): string =>
  methods
    .map(method => {
      const ends = lines.flatMap(line => (line[0]?.method === method ? line.slice(-1) : []))
      return ends.length === 0
        ? `${method}: nothing was trained yet.`
        : `${method} (${ends.length === 1 ? '1 run' : `${ends.length} runs`}): at best ` +
            `${range(ends.map(({ best }) => best))} after ${range(ends.map(({ epochs }) => epochs))} epochs.`
    })
    .join(' ')

/** The differences between the two figures. */
interface Kind {
  readonly axis: Spec
  /** Values below this are drawn at it, since a logarithmic axis has no zero. */
  readonly least: number
  /** A reference level, or `null`. */
  readonly level: number | null
}

interface LinePoint {
  readonly method: string
  readonly epochs: number
  readonly best: number
}

/** The number of marks on each line. */
const marksOnLine = 6

/** The positions of the marks on each method's line: evenly spaced, and shifted between methods. */
const shapesOn = (
  lines: ReadonlyArray<LinePoint>,
  methods: ReadonlyArray<string>,
): ReadonlyArray<LinePoint> =>
  methods.flatMap((method, k) => {
    const line = lines.filter(point => point.method === method)
    const [first, last] = [line[0], line[line.length - 1]]
    if (first === undefined || last === undefined) return []
    return Array.from({ length: marksOnLine }, (_, i) => {
      const share = (i + (k + 1) / (methods.length + 1)) / marksOnLine
      const epochs = first.epochs + share * (last.epochs - first.epochs)
      return { method, epochs, best: line.findLast(point => point.epochs <= epochs)!.best }
    })
  })

const draw =
  (runs: ReadonlyArray<BestRun>, { axis, least, level }: Kind) =>
  ({ width }: Frame): Spec => {
    const methods = methodsOf(runs)
    const drawn = (value: number): number => Math.max(least, value)
    const points = runs.flatMap(bestOf).map(point => ({ ...point, best: drawn(point.best) }))
    const means = bestMeans(runs)
    const single = methods.filter(method => !means.some(mean => mean.method === method))
    const lines = [
      ...means.map(({ method, epochs, mean }) => ({ method, epochs, best: drawn(mean) })),
      ...points.filter(({ method }) => single.includes(method)),
    ]
    const { color, dash, shape } = distinct('method', methods, width)
    const x = {
      field: 'epochs',
      type: 'quantitative',
      title: 'effort (epochs)',
      axis: { grid: false, tickCount: 6 },
    }
    const y = (field: string): Spec => ({ field, type: 'quantitative', ...axis })
    const step = { interpolate: 'step-after' }
    return {
      width,
      height: Math.round(Math.min(380, 0.8 * width)),
      autosize: { type: 'fit', contains: 'padding' },
      layer: filled([
        {
          data: { values: level === null ? [] : [{ level }] },
          mark: { type: 'rule', color: text.light, strokeDash: [2, 3] },
          encoding: { y: y('level') },
        },
        {
          data: {
            values: means.map(({ method, epochs, mean, deviation }) => ({
              method,
              epochs,
              low: drawn(mean - deviation),
              high: drawn(mean + deviation),
            })),
          },
          mark: { type: 'area', ...step, opacity: methods.length > 2 ? 0.08 : 0.16, line: false },
          encoding: { x, y: y('low'), y2: { field: 'high' }, color },
        },
        {
          data: { values: points.filter(({ method }) => !single.includes(method)) },
          mark: { type: 'line', ...step, strokeWidth: 0.7, opacity: 0.5 },
          encoding: { x, y: y('best'), detail: { field: 'run' }, color, strokeDash: dash },
        },
        {
          data: { values: lines },
          mark: { type: 'line', ...step, strokeWidth: 2 },
          encoding: { x, y: y('best'), color, strokeDash: dash },
        },
        {
          data: { values: methods.length > 1 ? shapesOn(lines, methods) : [] },
          mark: { type: 'point', filled: true, size: 34, opacity: 1 },
          encoding: { x, y: y('best'), color, shape },
        },
        {
          data: { values: returned(runs).map(result => ({ ...result, loss: drawn(result.loss) })) },
          mark: { type: 'point', filled: true, size: 110, opacity: 1 },
          encoding: { x, y: y('loss'), color, shape },
        },
      ]),
    }
  }

const tableOf = (runs: ReadonlyArray<BestRun>, what: string): Figure['table'] => ({
  head: ['method', 'run', 'epochs', what],
  rows: [
    ...runs.flatMap(bestOf).map(({ method, run, epochs, best }) => [method, run, epochs, best]),
    ...returned(runs).map(({ method, run, epochs, loss }) => [method, `${run}, returned`, epochs, loss]),
  ],
})

const legend =
  'Thin lines are single runs; a thick line is the mean over a method’s runs, and its band is one standard deviation. '

const marks =
  'A large mark is a run’s returned λ: the loss of weights retrained there, at the effort until that λ was found. ' +
  'One epoch is one gradient of every training example. '

/** The figure; `null` if nothing was trained. */
export const bestFigure = (runs: ReadonlyArray<Run>): Figure | null => {
  const lines = runs.map(bestOf)
  const losses = [...lines.flat().map(({ best }) => best), ...returned(runs).map(({ loss }) => loss)]
  if (lines.flat().length === 0) return null
  return {
    id: 'best',
    title: 'Best validation loss against effort',
    description:
      'Each step line is the lowest validation loss so far of weights that were trained on the training set alone. ' +
      (bestMeans(runs).length > 0 ? legend : '') +
      marks +
      perMethod(methodsOf(runs), lines),
    spec: draw(runs, {
      axis: { title: 'best validation loss so far', ...lossAxis(losses) },
      least: -Infinity,
      level: null,
    }),
    table: tableOf(runs, 'best validation loss'),
  }
}

/** Smaller gaps above the best are not distinguished. */
const leastGap = 0.001

/** The figure; `null` unless there are several methods and all losses are positive. */
export const gapFigure = (runs: ReadonlyArray<Run>): Figure | null => {
  const above = aboveBest(runs)
  if (above === null || methodsOf(runs).length < 2) return null
  const lines = above.map(bestOf)
  return {
    id: 'gap',
    title: 'How far above the best against effort',
    description:
      'The same, as a share above the lowest validation loss of any run with the same seed, since seeds differ in data. ' +
      `Shares below ${100 * leastGap} % are drawn at ${100 * leastGap} %; the dotted line is 1 %. ` +
      (bestMeans(above).length > 0 ? legend : '') +
      marks +
      perMethod(methodsOf(runs), lines),
    spec: draw(above, {
      axis: {
        title: 'above the best of its seed',
        scale: { type: 'log', nice: false, padding: 8 },
        axis: { format: '~%', values: [0.001, 0.01, 0.1, 1, 10, 100] },
      },
      least: leastGap,
      level: 0.01,
    }),
    table: tableOf(above, 'share above the best'),
  }
}
