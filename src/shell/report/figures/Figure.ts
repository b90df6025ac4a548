/** What a figure is before it is drawn: text that says what it shows, its numbers as a table, and how to draw it. */

/** Plain JSON of Vega-Lite. Strings of a run occur in it as values of data, of domains and as titles; never in expressions. */
export type Spec = Readonly<Record<string, unknown>>

/** The room there is. */
export interface Frame {
  /** Of the whole picture, in pixels. */
  readonly width: number
  /** Panels side by side, where there are several. */
  readonly columns: number
}

/** On a page and in a paper; and on a telephone. */
export const wide: Frame = { width: 680, columns: 2 }
export const narrow: Frame = { width: 344, columns: 1 }

export type Entry = string | number | null

/** Numbers for whoever cannot see a picture, or wants to compute with them. */
export interface Table {
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Entry>>
}

export interface Figure {
  /** Names its files; letters, digits and dashes. */
  readonly id: string
  readonly title: string
  /** What is drawn how, and what it comes to, in sentences. */
  readonly description: string
  readonly spec: (frame: Frame) => Spec
  readonly table: Table
}

/** Room for a vertical axis with its labels and title. */
const axisRoom = 66

/** The inner width of each of `columns` panels. */
export const panelWidth = ({ width }: Frame, columns: number): number =>
  Math.floor((width - 8) / columns - axisRoom)

/** A number for a person. */
export const rounded = (value: number): string =>
  value === 0
    ? '0'
    : Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3
      ? value.toExponential(2)
      : `${+value.toPrecision(4)}`

/** Layers of a picture that have something to draw. Vega-Lite knows no extent of nothing. */
export const filled = (layers: ReadonlyArray<Layer>): ReadonlyArray<Layer> =>
  layers.filter(({ data }) => data.values.length > 0)

/** A layer with data of its own. */
export interface Layer extends Spec {
  readonly data: { readonly values: ReadonlyArray<unknown> }
}

/** Marks of one figure; more nobody can tell apart, and a page is to stay small. */
const mostMarks = 2400

/** As many of the marks, evenly spread, as a figure of so many panels may have, and a sentence where some are left out. */
export const thinned = <A>(
  marks: ReadonlyArray<A>,
  panels: number,
): { readonly marks: ReadonlyArray<A>; readonly note: string } => {
  const most = Math.floor(mostMarks / panels)
  return marks.length <= most
    ? { marks, note: '' }
    : {
        marks: Array.from({ length: most }, (_, i) => marks[Math.floor((i * marks.length) / most)]!),
        note: `Of ${marks.length} samples ${most} are drawn; the numbers have them all. `,
      }
}

/** The title of an axis of λ. */
export const axisTitle = (hyperparameter: string): string => `λ: ${hyperparameter}`

const steps = [1, 2, 5]

/** Round numbers from `least` to `most` for a logarithmic axis, about `count` of them. */
export const roundNumbers = (least: number, most: number, count: number): ReadonlyArray<number> => {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))]
  const powers = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  // Written out and read again: 3 · 10⁻⁶ has a last digit that nobody wants on an axis.
  const all = powers.flatMap(power => steps.map(step => Number(`${step}e${power}`)))
  const within = all.filter(value => value >= least && value <= most)
  const whole = within.filter(value => value.toExponential().startsWith('1e'))
  const few = within.length <= count || whole.length < 2 ? within : whole
  const stride = Math.ceil(few.length / count)
  return few.filter((_, i) => i % stride === 0)
}

/** The scale and the axis of losses: logarithmic where they are positive and differ by much. */
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
          // About a single value there is no scale to be found.
          ...(least === most
            ? { domain: [least - 0.1 * Math.abs(least || 1), least + 0.1 * Math.abs(least || 1)] }
            : {}),
        },
        axis: { tickCount: 7 },
      }
}
