/** Figure: the way of λ over the validation loss, with two hyperparameters. */
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import { landscapeData, limits } from '../data/landscape.js'
import { methodsOf, type Run } from '../Run.js'
import { rounded, type Figure } from './Figure.js'
import { bands, distinct, text } from './Theme.js'

const percent = (share: number): string => `${Math.round(100 * share)} %`

const labels = [...limits.map(limit => `≤ ${percent(limit)}`), `> ${percent(limits[limits.length - 1]!)}`]

/** `null` unless there are two hyperparameters and samples. */
export const landscapeFigure = (space: SearchSpace, runs: ReadonlyArray<Run>): Figure | null => {
  const data = landscapeData(space, runs)
  if (data === null || data.samples.length === 0) return null
  const { names, domain, samples, paths, cells } = data
  const { shape } = distinct('method', methodsOf(runs))
  const axis = (k: 0 | 1, field: string) => ({
    field,
    type: 'quantitative',
    title: names[k],
    scale: { domain: k === 0 ? domain.x : domain.y, nice: false, zero: false },
    axis: { grid: false },
  })
  const [x, y] = [axis(0, 'x'), axis(1, 'y')]
  const best = samples.reduce((least, sample) => (sample.upper < least.upper ? sample : least))
  const present = [...new Set(cells.map(({ band }) => band))].sort((a, b) => a - b)
  const ends = paths.filter(({ kind }) => kind === 'returned')
  const dot = { type: 'point', strokeWidth: 1.3, color: text.light, opacity: 1 }
  return {
    id: 'landscape',
    title: 'The way of λ over the validation loss',
    description:
      'Marks are samples of the validation loss: filled where training began at the initial weights, hollow where it went on ' +
      'from those of another λ. ' +
      (cells.length > 0
        ? 'Shades are a surface fitted to them, by how far it lies above its lowest value; where nothing is shaded it is not known. '
        : '') +
      (paths.length > 0
        ? 'The line goes through the λ of the bilevel method’s iterations, from the square to the star, which is the λ returned. '
        : '') +
      `The best sample is ${rounded(best.upper)} at (${rounded(best.x)}, ${rounded(best.y)})` +
      (ends.length > 0
        ? `; returned: ${ends.map(end => `(${rounded(end.x)}, ${rounded(end.y)}) by ${end.run}`).join(', ')}.`
        : '.'),
    spec: ({ width }) => ({
      width,
      height: Math.round(Math.min(480, 0.95 * width)),
      autosize: { type: 'fit', contains: 'padding' },
      layer: [
        ...(cells.length === 0
          ? []
          : [
              {
                data: { values: cells.map(({ band, ...cell }) => ({ ...cell, band: labels[band] })) },
                mark: { type: 'rect', strokeWidth: 0.6 },
                encoding: {
                  x: { ...x, field: 'x0' },
                  x2: { field: 'x1' },
                  y: { ...y, field: 'y0' },
                  y2: { field: 'y1' },
                  fill: {
                    field: 'band',
                    type: 'ordinal',
                    scale: {
                      domain: present.map(band => labels[band]),
                      range: present.map(band => bands[band]!.light),
                    },
                    legend: {
                      title: 'above the lowest',
                      orient: 'bottom',
                      symbolType: 'square',
                      symbolStrokeColor: text.light,
                      columns: 4,
                    },
                  },
                  // Of the same colour as its inside: no hairline between two cells.
                  stroke: {
                    field: 'band',
                    type: 'ordinal',
                    scale: {
                      domain: present.map(band => labels[band]),
                      range: present.map(band => bands[band]!.light),
                    },
                    legend: null,
                  },
                },
              },
            ]),
        {
          data: { values: samples.filter(({ complete }) => !complete) },
          mark: { ...dot, filled: false, size: 30 },
          encoding: { x, y, shape },
        },
        {
          data: { values: samples.filter(({ complete }) => complete) },
          mark: { ...dot, filled: true, size: 40 },
          encoding: { x, y, shape },
        },
        {
          data: { values: paths },
          mark: { type: 'line', color: text.light, strokeWidth: 1.5 },
          encoding: {
            x,
            y,
            order: { field: 'order', type: 'quantitative' },
            detail: { field: 'run' },
          },
        },
        {
          data: { values: paths.filter(({ kind }) => kind === 'start') },
          mark: { ...dot, shape: 'square', filled: false, size: 130 },
          encoding: { x, y },
        },
        {
          data: { values: ends },
          mark: {
            ...dot,
            shape: 'M0,-1L0.225,-0.309L0.951,-0.309L0.363,0.118L0.588,0.809L0,0.382L-0.588,0.809L-0.363,0.118L-0.951,-0.309L-0.225,-0.309Z',
            filled: true,
            size: 160,
          },
          encoding: { x, y },
        },
      ],
    }),
    table: {
      head: ['run', 'what', names[0], names[1], 'validation loss'],
      rows: [
        ...samples.map(({ run, x: a, y: b, upper }) => [run, 'sample', a, b, upper]),
        ...paths.map(({ run, kind, x: a, y: b }) => [run, kind, a, b, null]),
      ],
    },
  }
}
