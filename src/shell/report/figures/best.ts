/** Figure: the best validation loss against effort, a line a method. */
import { bestMeans, bestOf, returned, type BestPoint } from '../data/best.js'
import { methodsOf, type Run } from '../Run.js'
import { lossScale, rounded, type Figure, type Spec } from './Figure.js'
import { distinct } from './Theme.js'

const perMethod = (
  methods: ReadonlyArray<string>,
  lines: ReadonlyArray<ReadonlyArray<BestPoint>>,
): string =>
  methods
    .map(method => {
      const ends = lines.flatMap(line => (line[0]?.method === method ? line.slice(-1) : []))
      const of = (pick: (point: BestPoint) => number): string => {
        const values = ends.map(pick)
        const [least, most] = [rounded(Math.min(...values)), rounded(Math.max(...values))]
        return least === most ? least : `${least} to ${most}`
      }
      return ends.length === 0
        ? `${method}: nothing was trained yet.`
        : `${method} (${ends.length === 1 ? '1 run' : `${ends.length} runs`}): at best ${of(({ best }) => best)} after ` +
            `${of(({ epochs }) => epochs)} epochs.`
    })
    .join(' ')

/** `null` where nothing was trained. */
export const bestFigure = (runs: ReadonlyArray<Run>): Figure | null => {
  const methods = methodsOf(runs)
  const lines = runs.map(bestOf)
  const points = lines.flat()
  if (points.length === 0) return null
  const means = bestMeans(runs)
  const results = returned(runs)
  const single = methods.filter(method => !means.some(mean => mean.method === method))
  const { color, dash, shape } = distinct('method', methods)
  const x = { field: 'epochs', type: 'quantitative', title: 'effort (epochs)', axis: { grid: false } }
  const y = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: 'best validation loss so far',
    scale: lossScale([...points.map(({ best }) => best), ...results.map(({ loss }) => loss)]),
  })
  const step = { interpolate: 'step-after' }
  return {
    id: 'best',
    title: 'Best validation loss against effort',
    description:
      'Each step line is the least validation loss so far of weights that were trained on the training set alone. ' +
      (means.length > 0
        ? 'Thin lines are single runs; a thick line is the mean over a method’s runs, its band one standard deviation. '
        : '') +
      'A mark is what a run returned: the loss of weights retrained at its λ, at the effort until that λ was found. ' +
      'One epoch is one gradient of every training example. ' +
      perMethod(methods, lines),
    spec: ({ width }) => ({
      width,
      height: Math.round(Math.min(360, 0.75 * width)),
      autosize: { type: 'fit', contains: 'padding' },
      layer: [
        {
          data: {
            values: means.map(mean => ({
              ...mean,
              low: mean.mean - mean.deviation,
              high: mean.mean + mean.deviation,
            })),
          },
          mark: { type: 'area', ...step, opacity: 0.18, line: false },
          encoding: { x, y: y('low'), y2: { field: 'high' }, color },
        },
        {
          data: { values: points.filter(({ method }) => !single.includes(method)) },
          mark: { type: 'line', ...step, strokeWidth: 0.8, opacity: 0.55 },
          encoding: { x, y: y('best'), detail: { field: 'run' }, color, strokeDash: dash },
        },
        {
          data: {
            values: [
              ...means.map(({ mean, ...row }) => ({ ...row, best: mean })),
              ...points.filter(({ method }) => single.includes(method)),
            ],
          },
          mark: { type: 'line', ...step, strokeWidth: 2 },
          encoding: { x, y: y('best'), color, strokeDash: dash },
        },
        {
          data: { values: results },
          mark: { type: 'point', filled: true, size: 80, opacity: 1 },
          encoding: { x, y: y('loss'), color, shape },
        },
      ],
    }),
    table: {
      head: ['method', 'run', 'epochs', 'best validation loss'],
      rows: [
        ...points.map(({ method, run, epochs, best }) => [method, run, epochs, best]),
        ...results.map(({ method, run, epochs, loss }) => [method, `${run}, returned`, epochs, loss]),
      ],
    },
  }
}
