/** Figures: the training examples with the smallest weights, as images, and a histogram of all weights. */
import { binsOf, exampleRows, isChanged, type ExampleRow } from '../data/exampleWeights.js'
import type { Pictures } from '../Pictures.js'
import type { Run } from '../Run.js'
import { panelWidth, type Figure, type Frame, type Spec } from './Figure.js'
import { bands, faint, text } from './theme.js'

/** The most images that are shown. */
const most = 40
/** The width and height of an image's cell, and the side of the image, in pixels. */
const [cellWidth, cellHeight, side] = [66, 96, 48]

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const weightText = (weight: number): string => weight.toFixed(3)

/** `3 of 4 (75.0 %)`. */
const shareText = (count: number, of: number): string =>
  `${count} of ${of}${of === 0 ? '' : ` (${percent(count / of)})`}`

const changedIn = (rows: ReadonlyArray<ExampleRow>): number =>
  rows.filter(row => isChanged(row) === true).length

const verdict = (row: ExampleRow): string => {
  const changed = isChanged(row)
  return changed === null ? '' : changed ? `truly ${row.truth!}` : 'not changed'
}

const gallery =
  (rows: ReadonlyArray<ExampleRow>, { picture, set }: Pictures) =>
  ({ width }: Frame): Spec => {
    const columns = Math.floor((width - 8) / cellWidth)
    const lines = Math.ceil(rows.length / columns)
    const [height, across] = set.shape
    // Keeps the aspect ratio of the images.
    const scale = side / Math.max(height, across)
    const values = rows.map((row, i) => ({
      x: ((i % columns) + 0.5) * cellWidth,
      y: Math.floor(i / columns) * cellHeight + side / 2 + 6,
      picture: picture(row.example),
      label: `label ${row.label!}`,
      weight: `weight ${weightText(row.weight).replace(/^0/, '')}`,
      verdict: verdict(row),
      changed: isChanged(row) === true,
    }))
    const place = (channel: 'x' | 'y', size: number): Spec => ({
      field: channel,
      type: 'quantitative',
      axis: null,
      scale: { domain: channel === 'x' ? [0, size] : [size, 0], nice: false, zero: false },
    })
    const [x, y] = [place('x', columns * cellWidth), place('y', lines * cellHeight)]
    const line = (field: string, down: number, more: Spec = {}): Spec => ({
      mark: { type: 'text', yOffset: side / 2 + down, fontSize: 10, color: text.light, ...more },
      encoding: { x, y, text: { field, type: 'nominal' } },
    })
    return {
      width: columns * cellWidth,
      height: lines * cellHeight,
      data: { values },
      layer: [
        {
          mark: {
            type: 'image',
            width: scale * across,
            height: scale * height,
            aspect: false,
            smooth: false,
          },
          encoding: { x, y, url: { field: 'picture', type: 'nominal' } },
        },
        {
          transform: [{ filter: { field: 'changed', equal: true } }],
          mark: {
            type: 'point',
            shape: 'square',
            filled: false,
            // With a gap to the image, whose edge may be as dark as the frame.
            size: (side + 8) ** 2,
            strokeWidth: 2,
            color: text.light,
            opacity: 1,
          },
          encoding: { x, y },
        },
        line('label', 11, { fontSize: 11, fontWeight: 'bold' }),
        line('weight', 23),
        line('verdict', 34, { color: faint.light }),
      ],
    }
  }

const suspects = (run: Run, id: string, all: ReadonlyArray<ExampleRow>, pictures: Pictures): Figure => {
  const rows = all.slice(0, most)
  const known = rows.some(row => isChanged(row) !== null)
  const tied = all.filter(({ weight }) => weight === rows[0]!.weight).length
  return {
    id,
    title: `The training examples that ${run.name} trusts least`,
    description:
      `The ${rows.length} of ${all.length} training examples with the smallest weights, sorted by weight, each with its label ` +
      'and weight' +
      (known ? '. A frame marks labels that noise changed; the true label is below. ' : '. ') +
      (tied > rows.length
        ? `${tied} examples have the smallest weight, its lower bound; the ones shown had the lowest mean weight during the run. `
        : '') +
      (known
        ? `Of those shown, ${shareText(changedIn(rows), rows.length)} have a changed label; of all, ${shareText(changedIn(all), all.length)}.`
        : `Their weights go from ${weightText(rows[0]!.weight)} to ${weightText(rows[rows.length - 1]!.weight)}.`),
    spec: gallery(rows, pictures),
    table: {
      head: [
        'training example',
        'label',
        'weight',
        'mean weight during the run',
        'label before noise',
        'changed',
      ],
      rows: rows.map(row => {
        const changed = isChanged(row)
        return [
          row.example,
          row.label,
          row.weight,
          row.meanWeight,
          row.truth,
          changed === null ? null : changed ? 'yes' : 'no',
        ]
      }),
    },
  }
}

const histogram = (run: Run, id: string, all: ReadonlyArray<ExampleRow>): Figure => {
  const bins = binsOf(all)
  const known = bins.some(({ changed }) => changed !== null)
  const panels = known
    ? ([
        ['kept', 'labels as they were'],
        ['changed', 'labels that noise changed'],
      ] as const)
    : ([['kept', 'training examples']] as const)
  const below = all.filter(({ weight }) => weight < 0.5)
  const mostly = Math.max(...bins.flatMap(({ kept, changed }) => [kept, changed ?? 0]))
  return {
    id,
    title: `The weights of the training examples of ${run.name}`,
    description:
      'The number of training examples by weight, in steps of a twentieth' +
      (known ? '. Upper panel: unchanged labels; lower panel: labels that noise changed. ' : '. ') +
      `${shareText(below.length, all.length)} have a weight below one half. ` +
      (known
        ? `Of these, ${shareText(changedIn(below), below.length)} have a changed label; of all changed labels, ` +
          `${shareText(changedIn(below), changedIn(all))} have a weight below one half.`
        : `The mean weight is ${weightText(all.reduce((sum, { weight }) => sum + weight, 0) / all.length)}.`),
    spec: frame => ({
      vconcat: panels.map(([field, title], i) => ({
        title,
        width: panelWidth(frame, 1),
        height: 120,
        data: { values: bins.map(bin => ({ from: bin.from, to: bin.to, count: bin[field] })) },
        mark: {
          type: 'bar',
          color: i === 0 ? bands[7]!.light : text.light,
          stroke: text.light,
          strokeWidth: 0.8,
        },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            bin: { binned: true },
            title: i === panels.length - 1 ? 'weight σ(λ)' : null,
            scale: { domain: [0, 1], nice: false },
            axis: { tickCount: 10 },
          },
          x2: { field: 'to' },
          y: {
            field: 'count',
            type: 'quantitative',
            title: 'examples',
            scale: { domain: [0, mostly], nice: true },
            axis: { tickCount: 4, format: 'd' },
          },
        },
      })),
      spacing: 14,
    }),
    table: {
      head: ['weight from', 'to', ...(known ? ['label as it was', 'label changed'] : ['examples'])],
      rows: bins.map(({ from, to, kept, changed }) => (known ? [from, to, kept, changed] : [from, to, kept])),
    },
  }
}

/** The figures of a run whose hyperparameters are weights of examples; without `pictures`, only the histogram. */
export const exampleFigures = (
  run: Run,
  suffix: string,
  pictures: Pictures | null,
): ReadonlyArray<Figure> => {
  const rows = exampleRows(run, pictures?.set ?? null)
  return rows === null || rows.length === 0
    ? []
    : [
        ...(pictures === null ? [] : [suspects(run, `suspects${suffix}`, rows, pictures)]),
        histogram(run, `example-weights${suffix}`, rows),
      ]
}
