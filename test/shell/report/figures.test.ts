/** Specifications compile without warnings and draw their data; colours can be distinguished. */
import { describe, expect, it } from 'vitest'
import { wide, narrow, roundNumbers, type Figure } from '../../../src/shell/report/figures/Figure.js'
import {
  bands,
  config,
  series,
  shades,
  text,
  themed,
  faint,
  background,
} from '../../../src/shell/report/figures/theme.js'
import { figuresOf } from '../../../src/shell/report/figuresOf.js'
import { draw, type Drawn } from '../../../src/shell/report/render.js'
import type { Run } from '../../../src/shell/report/Run.js'
import { deep } from '../../support/cases.js'
import { asMethod, hostile, readCommitted } from '../../support/reportRuns.js'
import { right } from '../../support/recordedRun.js'

const rivals = ['bayesian', 'grid', 'hyperband', 'random', hostile]

const compared = (run: Run): readonly [Run, ...ReadonlyArray<Run>] => [
  run,
  { ...run, name: 'again', seed: 7 },
  ...rivals.flatMap((method, m) => [0, 7].map(seed => asMethod(run, method, seed, 1 + 0.1 * m))),
]

const kinds = (['d1', 'd2'] as const).flatMap(name => {
  const run = readCommitted(name)
  return [
    { name: `${name} alone`, runs: [run] as const },
    { name: `${name} compared`, runs: compared(run) },
    {
      name: `${name} unfinished`,
      runs: [{ ...run, outcome: null, solves: run.solves.slice(0, 1) }] as const,
    },
  ].map(({ name: kind, runs }) => ({ kind, figures: figuresOf({ title: '', runs }, null).figures }))
})

const cases = kinds.flatMap(({ kind, figures }) =>
  figures.flatMap((figure, i) =>
    // In depth, each figure is drawn in both.
    (deep ? [wide, narrow] : [i % 2 === 0 ? wide : narrow]).map(frame => ({
      title: `${kind}: ${figure.id}, ${frame.width} pixels`,
      figure,
      frame,
    })),
  ),
)

type Case = (typeof cases)[number]

/** What was drawn, for tests that look at the same picture. */
const pictures = new Map<Case, Promise<Drawn>>()
const pictureOf = (one: Case): Promise<Drawn> => {
  const picture = pictures.get(one) ?? draw(one.figure.spec(one.frame))().then(right)
  pictures.set(one, picture)
  return picture
}

const sizeOf = (svg: string): readonly [number, number] => {
  const [, width, height] = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? []
  return [Number(width), Number(height)]
}

describe('figures', () => {
  it('all exist for one and for two hyperparameters', () => {
    const ids = (kind: string): ReadonlyArray<string> | undefined =>
      kinds.find(one => one.kind === kind)?.figures.map(({ id }) => id)
    expect(ids('d1 alone')).toEqual(['best', 'validation', 'value-function', 'dual'])
    expect(ids('d2 compared')).toEqual([
      'best',
      'gap',
      'validation',
      'landscape',
      'value-function-1',
      'value-function-2',
      'dual',
    ])
  })

  it.each(cases)('$title', async one => {
    const { frame } = one
    const { svg, warnings } = await pictureOf(one)
    expect(warnings).toEqual([])
    const [width, height] = sizeOf(svg)
    expect(width).toBeGreaterThan(0.8 * frame.width)
    expect(width).toBeLessThan(1.08 * frame.width)
    expect(height).toBeGreaterThan(100)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(svg).not.toContain('<img')
    expect(svg).not.toContain('<script')
  })

  it('have a description and a table of their numbers', () => {
    for (const { figure } of cases) {
      expect(figure.title).not.toBe('')
      expect(figure.description.length).toBeGreaterThan(80)
      expect(figure.description).not.toMatch(/NaN|undefined|Infinity/)
      expect(figure.table.rows.length).toBeGreaterThan(0)
      for (const row of figure.table.rows) expect(row.length).toBe(figure.table.head.length)
    }
  })

  it('give equal pictures when drawn twice', async () => {
    const [first] = cases
    const once = (await pictureOf(first!)).svg
    expect(right(await draw(first!.figure.spec(first!.frame))()).svg).toBe(once)
  })

  it('load nothing, even if a specification requests it', async () => {
    const loading: Figure['spec'] = () => ({ data: { url: 'file:///etc/hostname' }, mark: 'point' })
    const drawn = await draw(loading(wide))()
    // Vega continues without data that it cannot load, with a warning.
    expect(drawn._tag === 'Left' || drawn.right.warnings.length > 0).toBe(true)
  })
})

describe('a figure of very many runs', () => {
  const run = readCommitted('d2')
  const many = Array.from({ length: 300 }, (_, i) => asMethod(run, `m${i % 5}`, i, 1 + 0.001 * i))
  const { figures } = figuresOf({ title: '', runs: [run, ...many] }, null)

  it.each(figures.map(figure => ({ id: figure.id, figure })))('stays small: $id', async ({ figure }) => {
    const { svg, warnings } = right(await draw(figure.spec(wide))())
    expect(warnings).toEqual([])
    expect(svg.length).toBeLessThan(700_000)
    if (figure.id === 'validation') expect(figure.description).toContain('Of 4515 samples, 1200 are drawn')
  })
})

/** Relative luminance, as WCAG 2 defines it. */
const luminance = (colour: string): number => {
  const [r, g, b] = [1, 3, 5]
    .map(at => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map(c => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

const contrast = (a: string, b: string): number => {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

describe.each(['light', 'dark'] as const)('colours, %s', scheme => {
  it('of text and series have at least the contrast for text (4.5)', () => {
    for (const ink of [text, faint, ...series])
      expect(contrast(ink[scheme], background[scheme]), ink.name).toBeGreaterThanOrEqual(4.5)
  })

  it('of bands differ more and more from the page, and have enough contrast for text', () => {
    const steps = bands.map(band => contrast(band[scheme], background[scheme]))
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
    expect(steps[0]).toBeGreaterThan(1.08)
    for (const band of bands) expect(contrast(text[scheme], band[scheme])).toBeGreaterThanOrEqual(4)
  })

  it('of shades differ more and more from the page, each from the previous one by enough for print', () => {
    for (const [i, shade] of shades.entries())
      if (i > 0) {
        expect(contrast(shade[scheme], shades[i - 1]![scheme]), shade.name).toBeGreaterThan(1.2)
        expect(contrast(shade[scheme], background[scheme])).toBeGreaterThan(
          contrast(shades[i - 1]![scheme], background[scheme]),
        )
      }
  })
})

describe('the theme', () => {
  it('replaces colours by variables, and leaves text alone', () => {
    expect(themed(`<path fill="${text.light}" stroke="#123456"/><text>x="${text.light}"</text>`)).toBe(
      `<path fill="var(--text)" stroke="#123456"/><text>x="${text.light}"</text>`,
    )
  })

  it('has all colours that figures use', async () => {
    for (const one of cases.filter(({ title }) => title.includes('compared'))) {
      const svg = themed((await pictureOf(one)).svg)
      const left = [...svg.matchAll(/(?:fill|stroke)="(?!var|none|transparent|url)([^"]*)"/g)].map(
        ([, colour]) => colour,
      )
      expect(new Set(left), one.figure.id).toEqual(new Set())
    }
  })

  it('hides figures within the page from screen readers', () => {
    expect(config.aria).toBe(false)
  })
})

describe('round numbers of a logarithmic axis', () => {
  it.each([
    [1e-6, 1e-1, 3],
    [2.5, 47, 4],
    [4e-6, 7e-5, 3],
  ])('from %d to %d', (least, most, count) => {
    const numbers = roundNumbers(least, most, count)
    expect(numbers.length).toBeGreaterThan(0)
    expect(numbers.length).toBeLessThanOrEqual(count)
    for (const number of numbers) {
      expect(number).toBeGreaterThanOrEqual(least)
      expect(number).toBeLessThanOrEqual(most)
      expect(number.toExponential()).toMatch(/^[125]e/)
    }
  })
})
