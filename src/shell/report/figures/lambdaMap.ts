/** Figure: λ over the pixels, as shades with a scale. Its table of numbers has the layout of the pixels. */
import { lambdaMaps, type LambdaMap, type MapCell } from '../data/LambdaMap.js'
import type { Pictures } from '../Pictures.js'
import { resultOf, type Run } from '../Run.js'
import { panelWidth, rounded, type Entry, type Figure, type Frame, type Layer, type Spec } from './Figure.js'
import { shades, text } from './theme.js'

/** Adjacent cells of one row with the same shade. */
interface Stretch {
  readonly row: number
  readonly from: number
  readonly to: number
  readonly band: number
}

/** Divides the range of λ into equal steps, one for each shade. */
const scaleOf = (cells: ReadonlyArray<MapCell>) => {
  const values = cells.map(({ lambda }) => lambda)
  const least = values.reduce((a, b) => Math.min(a, b))
  const width = (values.reduce((a, b) => Math.max(a, b)) - least) / shades.length
  const edge = (band: number): string => (least + band * width).toFixed(width < 0.1 ? 3 : 1).replace('-', '−')
  return {
    bandOf: ({ lambda }: MapCell): number =>
      width === 0 ? 0 : Math.min(shades.length - 1, Math.floor((lambda - least) / width)),
    labels: width === 0 ? [edge(0)] : shades.map((_, band) => `${edge(band)} to ${edge(band + 1)}`),
  }
}

/** Merges adjacent cells of one row that have the same shade. */
const stretchesOf = (
  cells: ReadonlyArray<MapCell>,
  bandOf: (cell: MapCell) => number,
): ReadonlyArray<Stretch> => {
  const inOrder = [...cells].sort((a, b) => a.row - b.row || a.column - b.column)
  const found: Array<Stretch> = []
  for (const cell of inOrder) {
    const [last, band] = [found[found.length - 1], bandOf(cell)]
    if (last?.row === cell.row && last.to === cell.column && last.band === band)
      found[found.length - 1] = { ...last, to: cell.column + 1 }
    else found.push({ row: cell.row, from: cell.column, to: cell.column + 1, band })
  }
  return found
}

/** The overlap of neighbours, in cells, which hides hairlines between them. */
const overlap = 0.1

const draw =
  ({ rows, columns, channels, cells }: LambdaMap, title: string) =>
  (frame: Frame): Spec => {
    const { bandOf, labels } = scaleOf(cells)
    const across = channels === 1 ? 1 : Math.min(frame.columns, channels)
    const width = Math.min(420, panelWidth(frame, across))
    const axis = (field: string, most: number, name: string, down: boolean): Spec => ({
      field,
      type: 'quantitative',
      title: name,
      scale: { domain: down ? [most, 0] : [0, most], nice: false, zero: false },
      axis: { grid: false, tickCount: Math.min(8, most), format: 'd' },
    })
    const panel = (channel: number): Spec => {
      const values = stretchesOf(
        cells.filter(cell => cell.channel === channel),
        bandOf,
      ).map(({ row, from, to, band }) => ({
        x0: from,
        x1: Math.min(columns, to + overlap),
        y0: row,
        y1: Math.min(rows, row + 1 + overlap),
        band: labels[band],
      }))
      const layer: Layer = { data: { values } }
      return {
        ...layer,
        title: channels === 1 ? title : `${title}, channel ${channel}`,
        width,
        height: Math.round((width * rows) / columns),
        mark: { type: 'rect' },
        encoding: {
          x: axis('x0', columns, 'column', false),
          x2: { field: 'x1' },
          y: axis('y0', rows, 'row', true),
          y2: { field: 'y1' },
          fill: {
            field: 'band',
            type: 'ordinal',
            scale: { domain: labels, range: labels.map((_, band) => shades[band]!.light) },
            legend: {
              title: 'λ',
              orient: 'bottom',
              symbolType: 'square',
              symbolStrokeColor: text.light,
              symbolStrokeWidth: 0.8,
              symbolSize: 160,
              columns: Math.max(1, Math.floor(frame.width / 160)),
            },
          },
        },
      }
    }
    return {
      concat: Array.from({ length: channels }, (_, channel) => panel(channel)),
      columns: across,
      spacing: 20,
    }
  }

const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

const figureOf = (run: Run, map: LambdaMap, id: string): Figure => {
  const { family, of, rows, columns, channels, cells } = map
  const values = cells.map(({ lambda }) => lambda)
  const at = (row: number, column: number, channel: number): Entry =>
    cells.find(cell => cell.row === row && cell.column === column && cell.channel === channel)?.lambda ?? null
  const extreme = (better: (a: number, b: number) => boolean): MapCell =>
    cells.reduce((best, cell) => (better(cell.lambda, best.lambda) ? cell : best))
  const place = ({ row, column, lambda }: MapCell): string =>
    `${rounded(lambda)} at row ${row}, column ${column}`
  const bounds = run.space.find(({ name }) => name.startsWith(`${family}[`))!
  const atBound = (bound: number): number => values.filter(value => Math.abs(value - bound) < 1e-9).length
  const word = of === 'block' ? 'block of pixels' : 'pixel'
  return {
    id,
    title: `λ of ${family} over the ${of === 'block' ? 'blocks of pixels' : 'pixels'}, as ${run.name} returned it`,
    description:
      `Each cell is the λ of one ${word}: the logarithm of the coefficient that penalizes its weights. Darker cells in print, and ` +
      'lighter cells on a dark page, have a larger λ, so the network uses them less; the scale is below. ' +
      `The smallest is ${place(extreme((a, b) => a < b))}; the largest is ${place(extreme((a, b) => a > b))}; the median is ` +
      `${rounded(median(values))}. Of ${values.length}, ${atBound(bounds.lower)} are at the lower bound ${rounded(bounds.lower)} and ` +
      `${atBound(bounds.upper)} at the upper bound ${rounded(bounds.upper)}. The table of numbers has one row for each row of ` +
      `${of === 'block' ? 'blocks' : 'pixels'}.`,
    spec: draw(map, `λ of ${family}`),
    table: {
      head: [
        ...(channels === 1 ? [] : ['channel']),
        'row',
        ...Array.from({ length: columns }, (_, column) => `column ${column}`),
      ],
      rows: Array.from({ length: channels * rows }, (_, i) => [
        ...(channels === 1 ? [] : [Math.floor(i / rows)]),
        i % rows,
        ...Array.from({ length: columns }, (_, column) => at(i % rows, column, Math.floor(i / rows))),
      ]),
    },
  }
}

/** The maps of a run; empty if it has not returned a λ, or if no components belong to inputs. */
export const mapFigures = (run: Run, suffix: string, pictures: Pictures | null): ReadonlyArray<Figure> => {
  const lambda = resultOf(run)?.lambda
  return lambda === undefined
    ? []
    : lambdaMaps(run.space, lambda, pictures?.set.shape ?? null).map(map =>
        figureOf(run, map, `map-${map.family}${suffix}`),
      )
}
