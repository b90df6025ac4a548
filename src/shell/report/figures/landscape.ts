/** Figure: the path of λ over the validation loss, for two hyperparameters. */
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import { landscapeData, limits, type LandscapeData, type View } from '../data/landscape.js'
import { methodsOf, type Run } from '../Run.js'
import {
  axisTitle,
  filled,
  panelWidth,
  rounded,
  thinned,
  type Figure,
  type Frame,
  type Layer,
  type Spec,
} from './Figure.js'
import { bands, distinct, text } from './theme.js'

const percent = (share: number): string => `${Math.round(100 * share)} %`

const labels = [...limits.map(limit => `≤ ${percent(limit)}`), `> ${percent(limits[limits.length - 1]!)}`]

/** The overlap of neighbouring cells, as a share of the width, which hides hairlines between them. */
const overlap = 0.003

const shades = (
  { x: xRange, y: yRange, cells }: View,
  x: Spec,
  y: Spec,
  present: ReadonlyArray<number>,
  whole: number,
): Layer => ({
  data: {
    values: cells.map(({ band, x0, x1, y0, y1 }) => ({
      x0,
      x1: Math.min(xRange[1], x1 + overlap * (xRange[1] - xRange[0])),
      y0,
      y1: Math.min(yRange[1], y1 + overlap * (yRange[1] - yRange[0])),
      band: labels[band],
    })),
  },
  mark: { type: 'rect' },
  encoding: {
    x: { ...x, field: 'x0' },
    x2: { field: 'x1' },
    y: { ...y, field: 'y0' },
    y2: { field: 'y1' },
    fill: {
      field: 'band',
      type: 'ordinal',
      scale: { domain: present.map(band => labels[band]), range: present.map(band => bands[band]!.light) },
      legend: {
        title: 'above the least',
        orient: 'bottom',
        symbolType: 'square',
        symbolStrokeColor: text.light,
        symbolStrokeWidth: 0.8,
        columns: Math.max(1, Math.floor(whole / 90)),
      },
    },
  },
})

const star =
  'M0,-1L0.225,-0.309L0.951,-0.309L0.363,0.118L0.588,0.809L0,0.382L-0.588,0.809L-0.363,0.118L-0.951,-0.309L-0.225,-0.309Z'

/** With more runs than this, dashes do not distinguish them. */
const mostNamed = 6

const panel = (
  { names, samples, paths }: LandscapeData,
  methods: ReadonlyArray<string>,
  present: ReadonlyArray<number>,
  view: View,
  [width, height]: readonly [number, number],
  whole: number,
): Spec => {
  const axis = (field: 'x' | 'y'): Spec => ({
    field,
    type: 'quantitative',
    title: axisTitle(names[field === 'x' ? 0 : 1]),
    scale: { domain: view[field], nice: false, zero: false },
    axis: { grid: false, tickCount: 7 },
  })
  const [x, y] = [axis('x'), axis('y')]
  const within = <A extends { readonly x: number; readonly y: number }>(points: ReadonlyArray<A>) => ({
    values: points.filter(
      point => point.x >= view.x[0] && point.x <= view.x[1] && point.y >= view.y[0] && point.y <= view.y[1],
    ),
  })
  const { shape } = distinct('method', methods, whole)
  const { dash } = distinct('run', [...new Set(paths.map(({ run }) => run))], whole)
  const named = dash.scale.domain.length <= mostNamed
  const dot = { type: 'point', strokeWidth: 1.3, color: text.light, opacity: 1 }
  return {
    width,
    height,
    layer: filled([
      shades(view, x, y, present, whole),
      {
        data: within(samples.filter(({ complete }) => !complete)),
        mark: { ...dot, filled: false, size: 30 },
        encoding: { x, y, shape },
      },
      {
        data: within(samples.filter(({ complete }) => complete)),
        mark: { ...dot, filled: true, size: 40 },
        encoding: { x, y, shape },
      },
      {
        data: { values: paths },
        mark: { type: 'line', color: text.light, strokeWidth: 1.3, clip: true },
        encoding: {
          x,
          y,
          order: { field: 'order', type: 'quantitative' },
          ...(named ? { strokeDash: { ...dash, legend: null } } : { detail: { field: 'run' } }),
        },
      },
      {
        data: within(paths.filter(({ kind }) => kind === 'start')),
        mark: { ...dot, shape: 'square', filled: false, size: 130 },
        encoding: { x, y },
      },
      {
        data: within(paths.filter(({ kind }) => kind === 'returned')),
        mark: { ...dot, shape: star, filled: true, size: 160 },
        encoding: { x, y },
      },
    ]),
  }
}

const draw =
  (data: LandscapeData, methods: ReadonlyArray<string>) =>
  (frame: Frame): Spec => {
    const columns = Math.min(frame.columns, data.views.length)
    const width = panelWidth(frame, columns)
    const height = Math.round(Math.min(420, width))
    const present = [...new Set(data.views.flatMap(({ cells }) => cells.map(({ band }) => band)))].sort(
      (a, b) => a - b,
    )
    return {
      concat: data.views.map(view => panel(data, methods, present, view, [width, height], frame.width)),
      columns,
      spacing: 20,
    }
  }

/** The figure; `null` unless there are two hyperparameters, and samples. */
export const landscapeFigure = (space: SearchSpace, runs: ReadonlyArray<Run>): Figure | null => {
  const data = landscapeData(space, runs)
  if (data === null || data.samples.length === 0) return null
  const { names, samples, paths, views } = data
  const { marks, note } = thinned(samples, views.length)
  const best = samples.reduce((least, sample) => (sample.upper < least.upper ? sample : least))
  const ends = paths.filter(({ kind }) => kind === 'returned')
  return {
    id: 'landscape',
    title: 'The path of λ over the validation loss',
    description:
      'Marks are samples of the validation loss: filled if training began with the initial weights, hollow if it began ' +
      'with those of another λ. ' +
      note +
      (views.some(({ cells }) => cells.length > 0)
        ? 'Shades show a surface fitted to the samples: its height above the lowest loss of any run with the same seed. Where ' +
          'nothing is shaded, the surface is uncertain. '
        : '') +
      (paths.length > 0
        ? 'Lines go through the λ of the bilevel method’s iterations, from a square to a star, which is the λ returned. '
        : '') +
      (views.length > 1
        ? 'The second panel shows the part of the first that contains these iterations. '
        : '') +
      `The best sample is ${rounded(best.upper)} at (${rounded(best.x)}, ${rounded(best.y)})` +
      (ends.length > 0
        ? `; returned: ${ends.map(end => `(${rounded(end.x)}, ${rounded(end.y)}) by ${end.run}`).join(', ')}.`
        : '.'),
    spec: draw({ ...data, samples: marks }, methodsOf(runs)),
    table: {
      head: ['run', 'what', names[0], names[1], 'validation loss'],
      rows: [
        ...samples.map(({ run, x, y, upper }) => [run, 'sample', x, y, upper]),
        ...paths.map(({ run, kind, x, y }) => [run, kind, x, y, null]),
      ],
    },
  }
}
