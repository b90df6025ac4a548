/** A figure before it is drawn: its description, its numbers as a table, and its Vega-Lite specification. */

/** A Vega-Lite specification. A run's strings appear in it as data values, domains and titles, never in expressions. */
export type Spec = Readonly<Record<string, unknown>>

/** The size of a picture. */
export interface Frame {
  /** The width of the whole picture, in pixels. */
  readonly width: number
  /** The number of panels side by side, if there are several. */
  readonly columns: number
}

/** The frames for a page or a paper, and for a telephone. */
export const wide: Frame = { width: 680, columns: 2 }
export const narrow: Frame = { width: 344, columns: 1 }

export type Entry = string | number | null

/** The numbers of a figure, for readers who cannot see it or want to compute with them. */
export interface Table {
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Entry>>
}

export interface Figure {
  /** The name of its files: letters, digits and dashes. */
  readonly id: string
  readonly title: string
  /** Sentences that say what is drawn how, and what the result is. */
  readonly description: string
  readonly spec: (frame: Frame) => Spec
  readonly table: Table
}

/** The width of a vertical axis with its labels and title, in pixels. */
const axisRoom = 66

/** The inner width of each of `columns` panels. */
export const panelWidth = ({ width }: Frame, columns: number): number =>
  Math.floor((width - 8) / columns - axisRoom)

/** A number with four significant digits, for people. */
export const rounded = (value: number): string =>
  value === 0
    ? '0'
    : Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3
      ? value.toExponential(2)
      : `${+value.toPrecision(4)}`

/** The layers that have data. Vega-Lite cannot compute the extent of empty data. */
export const filled = (layers: ReadonlyArray<Layer>): ReadonlyArray<Layer> =>
  layers.filter(({ data }) => data.values.length > 0)

/** A layer with its own data. */
export interface Layer extends Spec {
  readonly data: { readonly values: ReadonlyArray<unknown> }
}

/** The most marks of one figure; more would be indistinguishable, and enlarge the page. */
const mostMarks = 2400

/** At most as many marks as a figure with this number of panels may have, and a note if some are left out. */
export const thinned = <A>(
  marks: ReadonlyArray<A>,
  panels: number,
): { readonly marks: ReadonlyArray<A>; readonly note: string } => {
  const most = Math.floor(mostMarks / panels)
  return marks.length <= most
    ? { marks, note: '' }
    : {
        marks: Array.from({ length: most }, (_, i) => marks[Math.floor((i * marks.length) / most)]!),
        note: `Of ${marks.length} samples, ${most} are drawn; the table of numbers has all. `,
      }
}

/** The horizontal axis of outer iterations, which rows have in `iteration`. */
export const iterationAxis: Spec = {
  field: 'iteration',
  type: 'quantitative',
  title: 'outer iteration',
  axis: { tickMinStep: 1, grid: false },
  scale: { zero: false, nice: false, padding: 6 },
}

/** The title of an axis of λ. */
export const axisTitle = (hyperparameter: string): string => `λ: ${hyperparameter}`

const steps = [1, 2, 5]

/** About `count` round numbers from `least` to `most`, for a logarithmic axis. */
export const roundNumbers = (least: number, most: number, count: number): ReadonlyArray<number> => {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))]
  const powers = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  // Parsed from text, since the product 3 · 10⁻⁶ would have a rounding error in its last digit.
  const all = powers.flatMap(power => steps.map(step => Number(`${step}e${power}`)))
  const within = all.filter(value => value >= least && value <= most)
  const powersOfTen = within.filter(value => value.toExponential().startsWith('1e'))
  const few = within.length <= count || powersOfTen.length < 2 ? within : powersOfTen
  const every = Math.ceil(few.length / count)
  return few.filter((_, i) => i % every === 0)
}

/** The scale and the axis of losses: logarithmic if all are positive and they differ by more than a factor of three. */
export const lossAxis = (losses: ReadonlyArray<number>): Spec => {
  const [least, most] = [Math.min(...losses), Math.max(...losses)]
  return least > 0 && most > 3 * least
    ? {
        scale: { type: 'log', nice: false, padding: 8 },
        axis: { values: roundNumbers(0.98 * least, 1.02 * most, 8), format: '~g' },
      }
    : {
        scale: {
          type: 'linear',
          zero: false,
          nice: false,
          padding: 8,
          // A single value has no range, so state one.
          ...(least === most
            ? { domain: [least - 0.1 * Math.abs(least || 1), least + 0.1 * Math.abs(least || 1)] }
            : {}),
        },
        axis: { tickCount: 7 },
      }
}
