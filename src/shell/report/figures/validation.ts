/** Figure: the validation loss against each hyperparameter. */
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import { validationData } from '../data/validation.js'
import { methodsOf, type Run } from '../Run.js'
import type { Truth } from '../Truth.js'
import {
  axisTitle,
  filled,
  lossAxis,
  panelWidth,
  rounded,
  thinned,
  type Figure,
  type Spec,
} from './Figure.js'
import { distinct, faint, text } from './theme.js'

/** The figure; `null` if nothing was trained. */
export const validationFigure = (
  space: SearchSpace,
  runs: ReadonlyArray<Run>,
  given: Truth | null,
): Figure | null => {
  const { samples, returned, truth, leftOut } = validationData(space, runs, given)
  if (samples.length === 0) return null
  const coordinates = [...new Set(samples.map(({ coordinate }) => coordinate))]
  // The rows of each hyperparameter have all samples in the same order, so every panel leaves out the same samples.
  const perPanel = samples.length / coordinates.length
  const { marks: kept, note } = thinned(
    Array.from({ length: perPanel }, (_, i) => i),
    coordinates.length,
  )
  const drawn = coordinates.flatMap((_, k) => kept.map(i => samples[k * perPanel + i]!))
  const losses = [...samples, ...returned, ...truth].map(({ upper }) => upper)
  const y = { field: 'upper', type: 'quantitative', title: 'validation loss', ...lossAxis(losses) }
  const panel = (coordinate: string, width: number, height: number, whole: number): Spec => {
    const { color, shape } = distinct('method', methodsOf(runs), whole)
    const { lower, upper } = space.find(({ name }) => name === coordinate)!
    const x = {
      field: 'at',
      type: 'quantitative',
      title: axisTitle(coordinate),
      scale: { domain: [lower, upper], nice: false, padding: 6 },
    }
    const of = <A extends { readonly coordinate: string }>(rows: ReadonlyArray<A>) => ({
      values: rows.filter(row => row.coordinate === coordinate),
    })
    const points = { type: 'point', size: 45, strokeWidth: 1.5, opacity: 0.9 }
    return {
      width,
      height,
      layer: filled([
        {
          data: of(truth),
          mark: { type: 'line', color: faint.light, strokeWidth: 1.2 },
          encoding: { x, y, detail: { field: 'grid' } },
        },
        {
          data: of(drawn.filter(({ complete }) => !complete)),
          mark: { ...points, filled: false },
          encoding: { x, y, color, shape },
        },
        {
          data: of(drawn.filter(({ complete }) => complete)),
          mark: { ...points, filled: true },
          encoding: { x, y, color, shape },
        },
        {
          data: of(returned),
          mark: {
            type: 'point',
            shape: 'circle',
            filled: false,
            size: 190,
            strokeWidth: 1.5,
            color: text.light,
          },
          encoding: { x, y },
        },
      ]),
    }
  }
  const best = samples.reduce((least, sample) => (sample.upper < least.upper ? sample : least))
  return {
    id: 'validation',
    title: 'Validation loss against λ',
    description:
      'Each mark is a lower-level solve on the training set alone: filled if training began with the initial weights, ' +
      'hollow if it began with those of another λ. A ring is a returned λ with retrained weights. ' +
      (truth.length > 0 ? `The line is a dense grid of ${truth.length} points. ` : '') +
      note +
      (coordinates.length > 1
        ? 'Each panel shows all samples over one hyperparameter; the others vary, too. '
        : '') +
      (leftOut > 0 ? `${leftOut} more hyperparameters are not drawn. ` : '') +
      `The lowest of ${samples.length / coordinates.length} losses is ${rounded(best.upper)} (${best.method}, ${best.run}).` +
      (truth.length > 0
        ? ` The lowest of the grid is ${rounded(Math.min(...truth.map(({ upper }) => upper)))}.`
        : ''),
    spec: frame => {
      const columns = coordinates.length === 1 ? 1 : frame.columns
      const width = panelWidth(frame, columns)
      const height = Math.round(Math.min(320, 0.7 * width))
      return {
        concat: coordinates.map(name => panel(name, width, height, frame.width)),
        columns,
        spacing: 20,
      }
    },
    table: {
      head: ['hyperparameter', 'λ', 'validation loss', 'method', 'run', 'weights'],
      rows: [
        ...samples.map(({ coordinate, at, upper, method, run, complete }) => [
          coordinate,
          at,
          upper,
          method,
          run,
          complete ? 'trained from the initial weights' : 'trained from weights of another λ',
        ]),
        ...returned.map(({ coordinate, at, upper, method, run }) => [
          coordinate,
          at,
          upper,
          method,
          run,
          'retrained at the λ returned',
        ]),
        ...truth.map(({ coordinate, at, upper, grid }) => [coordinate, at, upper, '', grid, 'dense grid']),
      ],
    },
  }
}
