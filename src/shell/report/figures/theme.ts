/**
 * Colours, dashes and shapes of all figures. A figure is drawn once, in the colours for paper; the page replaces these by
 * variables, so that one picture serves light and dark mode. Series differ in colour, dash and shape, and bands in
 * lightness, so that they can be distinguished in black and white.
 */
import { inTags } from '../inTags.js'

/** A colour for paper, and its replacement on a dark page. */
interface Ink {
  /** The name of the page's CSS variable, without the dashes. */
  readonly name: string
  readonly light: string
  readonly dark: string
}

const ink = (name: string, light: string, dark: string): Ink => ({ name, light, dark })

export const background = ink('paper', '#ffffff', '#14181d')
export const text = ink('text', '#1a1b1e', '#e9eaee')
export const faint = ink('faint', '#55585f', '#b3b7bf')
export const rule = ink('rule', '#dcdee3', '#363c45')

/** The colours of methods or runs, in their order. */
export const series: ReadonlyArray<Ink> = [
  ink('series-1', '#00569b', '#78bbff'),
  ink('series-2', '#b34203', '#ffa370'),
  ink('series-3', '#00694d', '#5ed6ab'),
  ink('series-4', '#8b2879', '#ea9fe2'),
  ink('series-5', '#665700', '#dccf5c'),
  ink('series-6', '#34373c', '#cfd2d8'),
]

export const dashes: ReadonlyArray<ReadonlyArray<number>> = [
  [1, 0],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
  [4, 4],
  [12, 3],
]

export const shapes: ReadonlyArray<string> = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'cross',
  'triangle-down',
]

/** The bands of the landscape, the lowest first; everything drawn over them has the colour `text`. */
export const bands: ReadonlyArray<Ink> = [
  ink('band-1', '#edf3f8', '#20272f'),
  ink('band-2', '#dde6ee', '#28313a'),
  ink('band-3', '#cdd9e4', '#303b46'),
  ink('band-4', '#bdccda', '#384552'),
  ink('band-5', '#adc0d0', '#404f5e'),
  ink('band-6', '#9db3c6', '#48596a'),
  ink('band-7', '#8da6bb', '#506376'),
  ink('band-8', '#7d99b1', '#586d82'),
]

/** The shades of a map, from small to large values, with steps that stay distinct in print. */
export const shades: ReadonlyArray<Ink> = [
  ink('shade-1', '#f3f6f9', '#1c232b'),
  ink('shade-2', '#d5e0ea', '#2b3947'),
  ink('shade-3', '#bccddc', '#3b5064'),
  ink('shade-4', '#9cb4ca', '#4e6881'),
  ink('shade-5', '#7b99b4', '#65829d'),
  ink('shade-6', '#5b7d9b', '#7f9cb6'),
  ink('shade-7', '#3d5f7d', '#9fb8ce'),
  ink('shade-8', '#1f4260', '#c6d8e7'),
]

const all = [background, text, faint, rule, ...series, ...bands, ...shades]

/** The CSS variables of a page. */
export const variables = (scheme: 'light' | 'dark'): string =>
  all.map(({ name, ...colours }) => `--${name}: ${colours[scheme]};`).join(' ')

const byColour = new Map(all.map(({ name, light }) => [light, name]))

/** Replaces the colours of a figure's SVG by variables. Text that looks like a colour attribute stays unchanged. */
export const themed = inTags(tag =>
  tag.replace(/="(#[0-9a-f]{6})"/g, (attribute, colour: string) => {
    const name = byColour.get(colour)
    return name === undefined ? attribute : `="var(--${name})"`
  }),
)

const cycle = <A>(values: ReadonlyArray<A>, count: number): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, i) => values[i % values.length]!)

/** The width of a legend's entry without its text, and the width of a letter, in pixels. */
const [symbolRoom, letterRoom] = [34, 7]

/**
 * The Vega-Lite channels that distinguish series: colour, dash and shape. `field` is the field's name, `names` are its
 * values; the legend has as many columns as fit into `width`.
 */
export const distinct = (field: string, names: ReadonlyArray<string>, width: number) => {
  const longest = Math.max(1, ...names.map(({ length }) => Math.min(36, length)))
  const legend =
    names.length > 1
      ? {
          title: null,
          orient: 'bottom',
          columns: Math.max(1, Math.floor(width / (symbolRoom + letterRoom * longest))),
          symbolSize: 90,
          symbolOpacity: 1,
          labelLimit: 260,
        }
      : null
  const channel = (range: ReadonlyArray<unknown>) => ({
    field,
    type: 'nominal',
    scale: { domain: names, range },
    legend,
  })
  return {
    color: channel(
      cycle(
        series.map(({ light }) => light),
        names.length,
      ),
    ),
    dash: channel(cycle(dashes, names.length)),
    shape: channel(cycle(shapes, names.length)),
  }
}

/** The Vega-Lite configuration of all figures. */
export const config = {
  background: background.light,
  font: 'sans-serif',
  padding: 4,
  axis: {
    labelColor: text.light,
    titleColor: text.light,
    titleFontWeight: 'normal',
    labelFontSize: 11,
    titleFontSize: 12,
    domainColor: faint.light,
    tickColor: faint.light,
    gridColor: rule.light,
    labelOverlap: true,
  },
  legend: {
    labelColor: text.light,
    titleColor: text.light,
    labelFontSize: 12,
    titleFontWeight: 'normal',
    layout: { bottom: { anchor: 'start', direction: 'vertical' } },
  },
  title: { color: text.light, fontSize: 12, fontWeight: 'normal', anchor: 'start' },
  view: { stroke: null },
  // The page describes each figure as a whole, and has its data as a table.
  aria: false,
}
