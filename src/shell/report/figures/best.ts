/** Figures: the best validation loss against effort, a line a method; as it is, and above the best of its seed. */
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

/** What the two figures do differently. */
interface Kind {
  readonly axis: Spec
  /** No loss is drawn below this; a logarithmic axis has no zero. */
  readonly least: number
  /** A level to compare with. */
  readonly level: number | null
}

interface LinePoint {
  readonly method: string
  readonly epochs: number
  readonly best: number
}

/** Marks on each line of this figure, from its start to its end. */
const marksOnLine = 6

/** Where each method's line bears its shape: evenly, and not where another one's does. */
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
  'Thin lines are single runs; a thick line is the mean over a method’s runs, its band one standard deviation. '

const marks =
  'A large mark is what a run returned: the loss of weights retrained at its λ, at the effort until that λ was found. ' +
  'One epoch is one gradient of every training example. '

/** `null` where nothing was trained. */
export const bestFigure = (runs: ReadonlyArray<Run>): Figure | null => {
  const lines = runs.map(bestOf)
  const losses = [...lines.flat().map(({ best }) => best), ...returned(runs).map(({ loss }) => loss)]
  if (lines.flat().length === 0) return null
  return {
    id: 'best',
    title: 'Best validation loss against effort',
    description:
      'Each step line is the least validation loss so far of weights that were trained on the training set alone. ' +
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

/** What is less above the best than this is as good as it. */
const leastGap = 0.001

/** `null` unless there are several methods, and losses that a share of makes sense. */
export const gapFigure = (runs: ReadonlyArray<Run>): Figure | null => {
  const above = aboveBest(runs)
  if (above === null || methodsOf(runs).length < 2) return null
  const lines = above.map(bestOf)
  return {
    id: 'gap',
    title: 'How far above the best against effort',
    description:
      'The same, as a share above the least validation loss that any run with the same seed reached, for seeds differ in data. ' +
      `Below ${100 * leastGap} % nothing is told apart; the dotted line is 1 %. ` +
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
