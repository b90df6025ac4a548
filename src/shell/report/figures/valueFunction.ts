/** Figure: φ̂ with its band, samples and gradients over each hyperparameter. */
import { phiData, type PhiData, type PhiRow, type SampleRow } from '../data/valueFunction.js'
import type { Run } from '../Run.js'
import { axisTitle, panelWidth, rounded, type Figure, type Frame, type Spec } from './Figure.js'
import { faint, series, text } from './theme.js'

type Range = readonly [number, number]

const rangeOf = (values: ReadonlyArray<number>): Range => {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const margin = 0.06 * (most - least || Math.abs(most) || 1)
  return [least - margin, most + margin]
}

/** The length of the stroke that shows a gradient, in pixels. */
const stroke = 22

/** The strokes of samples with a gradient; all have the same length in the picture. */
const strokes = (
  samples: ReadonlyArray<SampleRow>,
  x: Range,
  y: Range,
  [width, height]: readonly [number, number],
): ReadonlyArray<Spec> => {
  const [perX, perY] = [width / (x[1] - x[0]), height / (y[1] - y[0])]
  return samples.flatMap(({ at, value, slope }) => {
    if (slope === null) return []
    const dx = stroke / 2 / Math.hypot(perX, slope * perY)
    return [{ x: at - dx, x2: at + dx, y: value - slope * dx, y2: value + slope * dx }]
  })
}

const panel = (
  { dimension, lambda }: PhiData,
  k: number,
  coordinate: string,
  rows: ReadonlyArray<PhiRow>,
  samples: ReadonlyArray<SampleRow>,
  size: readonly [number, number],
): Spec => {
  const on = dimension === 1
  const xRange: Range = [rows[0]!.at, rows[rows.length - 1]!.at]
  const yRange = rangeOf([
    ...rows.map(({ phiHat }) => phiHat),
    ...(on ? samples.map(({ value }) => value) : []),
  ])
  const x = {
    field: 'at',
    type: 'quantitative',
    title: axisTitle(coordinate),
    scale: { domain: xRange, nice: false },
  }
  const y = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: 'lower loss f',
    scale: { domain: yRange, nice: false, zero: false },
  })
  const blue = series[0]!.light
  const values = rows.map(({ at, phiHat, deviation, bound }) => ({
    at,
    phiHat,
    low: phiHat - 2 * deviation,
    // The envelope's bound holds for φ whatever the model says, so the band is cut off at it.
    high: bound === null ? phiHat + 2 * deviation : Math.max(phiHat, Math.min(phiHat + 2 * deviation, bound)),
    bound,
  }))
  const bounded = values.filter(({ bound }) => bound !== null)
  return {
    width: size[0],
    height: size[1],
    layer: [
      {
        data: { values },
        mark: { type: 'area', clip: true, color: blue, opacity: 0.22 },
        encoding: { x, y: y('low'), y2: { field: 'high' } },
      },
      {
        data: { values: [{ at: lambda[k]! }] },
        mark: { type: 'rule', color: text.light, strokeDash: [2, 3] },
        encoding: { x },
      },
      ...(bounded.length === 0
        ? []
        : [
            {
              data: { values: bounded },
              mark: {
                type: 'line',
                clip: true,
                color: series[1]!.light,
                strokeWidth: 1.5,
                strokeDash: [5, 3],
              },
              encoding: { x, y: y('bound') },
            },
          ]),
      {
        data: { values },
        mark: { type: 'line', clip: true, color: blue, strokeWidth: 2 },
        encoding: { x, y: y('phiHat') },
      },
      ...(on
        ? [
            {
              data: { values: strokes(samples, xRange, yRange, size) },
              mark: { type: 'rule', clip: true, color: text.light, strokeWidth: 1.5 },
              encoding: {
                x: { field: 'x', type: 'quantitative' },
                x2: { field: 'x2' },
                y: { field: 'y', type: 'quantitative' },
                y2: { field: 'y2' },
              },
            },
            {
              data: { values: samples },
              mark: { type: 'point', filled: true, color: text.light, size: 26, opacity: 1 },
              encoding: { x, y: y('value') },
            },
          ]
        : [
            {
              data: { values: samples },
              mark: {
                type: 'tick',
                orient: 'vertical',
                color: faint.light,
                size: 9,
                yOffset: 0,
                opacity: 0.7,
              },
              encoding: { x, y: { datum: yRange[0] } },
            },
          ]),
    ],
  }
}

/** A panel of the standard deviation alone, which is rarely visible on the scale of φ. */
const deviation = (coordinate: string, rows: ReadonlyArray<PhiRow>, width: number): Spec => ({
  data: { values: rows.filter(row => row.deviation > 0) },
  width,
  height: 70,
  mark: { type: 'line', color: series[0]!.light },
  encoding: {
    x: {
      field: 'at',
      type: 'quantitative',
      title: axisTitle(coordinate),
      scale: { domain: [rows[0]!.at, rows[rows.length - 1]!.at], nice: false },
    },
    y: {
      field: 'deviation',
      type: 'quantitative',
      title: 'σ',
      scale: { type: 'log', nice: true },
      axis: { tickCount: 3 },
    },
  },
})

const draw =
  (data: PhiData, coordinates: ReadonlyArray<string>) =>
  (frame: Frame): Spec => {
    const { rows, samples, dimension } = data
    const columns = dimension === 1 ? 1 : frame.columns
    const width = panelWidth(frame, columns)
    const height = dimension === 1 ? Math.round(Math.min(320, 0.7 * width)) : Math.round(0.7 * width)
    const panels = coordinates.map((coordinate, k) =>
      panel(
        data,
        k,
        coordinate,
        rows.filter(row => row.coordinate === coordinate),
        samples.filter(sample => sample.coordinate === coordinate),
        [width, height],
      ),
    )
    return dimension === 1
      ? { vconcat: [...panels, deviation(coordinates[0]!, rows, width)], spacing: 12 }
      : { concat: panels, columns, spacing: 20 }
  }

/** The figure of a run; `null` if the run has no φ̂. */
export const phiFigure = (run: Run, id: string): Figure | null => {
  const data = phiData(run)
  if (data === null) return null
  const { rows, samples, dimension, forgotten, leftOut, lambda } = data
  const coordinates = [...new Set(rows.map(({ coordinate }) => coordinate))]
  const one = dimension === 1
  return {
    id,
    title: `The value function φ̂ of ${run.name}`,
    description:
      `Line: φ̂, the model of the lower level’s optimal value${one ? '' : ', through the λ returned along each hyperparameter'}. ` +
      'Band: two standard deviations, cut off at the bound. ' +
      (rows.some(({ bound }) => bound !== null)
        ? 'Dashed: the envelope’s upper bound on φ, as far as it lies within the picture. '
        : '') +
      (one
        ? 'Dots: samples of φ; the stroke through a dot is the observed gradient. Dotted vertical line: the λ returned. Lower panel: the standard deviation alone. '
        : 'Dotted vertical line: the λ returned. Ticks at the bottom: the samples, which lie beside the slice. ') +
      (leftOut > 0 ? `${leftOut} more hyperparameters are not drawn. ` : '') +
      (forgotten > 0 ? `${forgotten} older samples were dropped before. ` : '') +
      `λ returned: ${lambda.map(rounded).join(', ')}. ` +
      `${samples.length / Math.max(1, coordinates.length)} samples; φ̂ goes from ${rounded(Math.min(...rows.map(({ phiHat }) => phiHat)))} to ` +
      `${rounded(Math.max(...rows.map(({ phiHat }) => phiHat)))}.`,
    spec: draw(data, coordinates),
    table: {
      head: ['hyperparameter', 'λ', 'φ̂', 'σ', 'envelope bound'],
      rows: rows.map(({ coordinate, at, phiHat, deviation: sigma, bound }) => [
        coordinate,
        at,
        phiHat,
        sigma,
        bound,
      ]),
    },
  }
}
