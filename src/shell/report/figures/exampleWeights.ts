/** Figures: the training examples that a run trusts least, as images; and a histogram of all their weights. */
import { binsOf, exampleRows, isChanged, type ExampleRow } from '../data/exampleWeights.js'
import type { Pictures } from '../Pictures.js'
import type { Run } from '../Run.js'
import { panelWidth, type Figure, type Frame, type Spec } from './Figure.js'
import { bands, faint, text } from './theme.js'

/** Images that are shown. */
const most = 40
/** Of the cell of an image: across, down, and how much of it the image takes, in pixels. */
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
    // Wide images and tall ones keep their form.
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
            // Away from the image, which is as dark at its edge as the frame.
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
      `The ${rows.length} of ${all.length} training examples with the smallest weights, the smallest first, each with the label it was ` +
      'given and its weight' +
      (known ? ', and what the label had been where noise changed it: a frame marks those. ' : '. ') +
      (tied > rows.length
        ? `${tied} examples have the smallest weight, which is its lower bound; of them, those are shown whose weight was the least on the way. `
        : '') +
      (known
        ? `Of those shown, ${shareText(changedIn(rows), rows.length)} had their label changed; of all, ${shareText(changedIn(all), all.length)}.`
        : `Their weights go from ${weightText(rows[0]!.weight)} to ${weightText(rows[rows.length - 1]!.weight)}.`),
    spec: gallery(rows, pictures),
    table: {
      head: [
        'training example',
        'label given',
        'weight',
        'mean weight on the way',
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
      'How many training examples have which weight, in steps of a twentieth' +
      (known ? '; above those whose label is as it was, below those whose label noise changed. ' : '. ') +
      `${shareText(below.length, all.length)} weigh less than a half. ` +
      (known
        ? `Of these, ${shareText(changedIn(below), below.length)} had their label changed; of all whose label was changed, ` +
          `${shareText(changedIn(below), changedIn(all))} weigh less than a half.`
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

/** Of a run whose hyperparameters are weights of examples; the images only where they could be loaded. */
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
