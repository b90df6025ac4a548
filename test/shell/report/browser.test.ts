/**
 * A report in a real browser, opened from disk: no error, no request, no script, and every figure visible, at two widths, in
 * light and dark mode. Skipped if there is no Chromium; with BILEVEL_REQUIRE_BROWSER=1 that is a failure.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chromium as chromiumOf, describeWith } from '../../support/requires.js'
import { writeReport } from '../../../src/shell/report/writeReport.js'
import { manyRun } from '../../support/manyRuns.js'
import { committed, hostile, recordHostile } from '../../support/reportRuns.js'
import { deep } from '../../support/cases.js'
import { right } from '../../support/recordedRun.js'

const executable = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(path => path !== undefined && existsSync(path))

const folder = mkdtempSync(join(tmpdir(), 'bilevel-browser-'))
const [plain, owned, many] = ['plain', 'hostile', 'many'].map(name => join(folder, `${name}.html`)) as [
  string,
  string,
  string,
]

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Box {
  readonly x: number
  readonly width: number
  readonly height: number
}

/** A figure as it is seen: its pictures, the colours in them, whether the first has photographs, and the colour of the page. */
interface Seen {
  readonly pictures: ReadonlyArray<Box & { readonly visible: boolean }>
  readonly colours: ReadonlyArray<string>
  readonly pictured: boolean
  readonly background: string
}

// Code for the page is a string, since this program is compiled without types of the DOM. It asks for all at once: a question for
// each element takes longer than all the rest.

const seen = `[...document.querySelectorAll('figure')].map(figure => {
  const pictures = [...figure.querySelectorAll('svg')]
  const colours = [...figure.querySelectorAll('svg path, svg line, svg text')].flatMap(node => {
    const { fill, stroke, opacity } = getComputedStyle(node)
    return opacity === '0' ? [] : [fill, stroke]
  })
  return {
    pictures: pictures.map(picture => {
      const { x, width, height } = picture.getBoundingClientRect()
      const visible = width > 0 && height > 0 && getComputedStyle(picture).visibility === 'visible'
      return { x, width, height, visible }
    }),
    colours: [...new Set(colours)],
    pictured: pictures[0].querySelector('image') !== null,
    background: getComputedStyle(document.body).backgroundColor,
  }
})`

/** An element's accessible name and description. */
const labelsOf = `node => ['aria-labelledby', 'aria-describedby'].map(
  attribute => document.getElementById(node.getAttribute(attribute))?.textContent ?? '',
)`

/** Where elements are, all in one question. */
const boxesOf = (selector: string): string => `[...document.querySelectorAll('${selector}')].map(node => {
  const { x, width, height } = node.getBoundingClientRect()
  return { x, width, height }
})`

const ofFigure = (program: string, i: number): string =>
  `(${program})(document.querySelectorAll('figure')[${i}])`

type Scheme = 'light' | 'dark'

interface Opened {
  readonly page: Page
  /** Console messages, page errors, and requests for anything except the page. */
  readonly trouble: ReadonlyArray<string>
}

const missing =
  executable === undefined
    ? 'none was found. Name one with CHROMIUM=…, or install the package chromium.'
    : null

describeWith(chromiumOf(missing), 'a report in Chromium', () => {
  let browser: Browser

  beforeAll(async () => {
    right(await writeReport([committed('d1'), committed('d2')], { output: plain })())
    const runs = [await recordHostile(folder, 1), await recordHostile(folder, 2)]
    right(await writeReport(runs, { output: owned, title: hostile })())
    const weights = [{ family: 'exampleWeights' }, { family: 'l2', per: 'model', fixed: 2 }]
    const large = [
      await manyRun(folder, 'weights', weights, { labelNoise: 0.5 }),
      await manyRun(folder, 'pixels', { family: 'l2', per: 'input' }),
    ]
    right(await writeReport(large, { output: many })())
    browser = await chromium.launch({ executablePath: executable!, args: ['--no-sandbox'] })
    // Two of the runs are trained by this test.
  })

  afterAll(() => browser.close())

  const open = async (path: string, width: number, colorScheme: Scheme): Promise<Opened> => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    const url = pathToFileURL(path).href
    const trouble: Array<string> = []
    page.on('console', message => trouble.push(`console: ${message.text()}`))
    page.on('pageerror', error => trouble.push(`error: ${error.message}`))
    page.on('dialog', dialog => {
      trouble.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('request', request => {
      // A picture within the page causes no request.
      if (request.url() !== url && !request.url().startsWith('data:image/png;base64,'))
        trouble.push(`request: ${request.url()}`)
    })
    await page.goto(url)
    return { page, trouble }
  }

  const pages = new Map<string, Opened>()
  /** A page for tests that only look, up to the last, which opens a table: changed to this screen, or in depth opened in it. */
  const opened = async (path: string, width: number, colorScheme: Scheme): Promise<Opened> => {
    const key = deep ? `${path}, ${width}, ${colorScheme}` : path
    const before = pages.get(key)
    const one = before ?? (await open(path, width, colorScheme))
    pages.set(key, one)
    if (before !== undefined) {
      await one.page.setViewportSize({ width, height: 900 })
      await one.page.emulateMedia({ colorScheme })
    }
    return one
  }

  const screens = [400, 1280].flatMap(width =>
    (['light', 'dark'] as const).map(scheme => ({ width, scheme })),
  )

  const all = screens.flatMap(screen => [
    { ...screen, name: 'few hyperparameters', file: plain, figureCount: 4 + 5 },
    { ...screen, name: 'hundreds of hyperparameters', file: many, figureCount: 5 + 4 },
  ])

  // Every pair of width, scheme and report once; all eight in depth.
  const chosen = all.filter(
    ({ width, scheme, file }) => deep || (width === 400) === ((scheme === 'light') === (file === plain)),
  )
  it('is opened in every pair of width, scheme and report', () => {
    const pairs = chosen.flatMap(({ width, scheme, file }) => [
      `${width}, ${scheme}`,
      `${width}, ${file}`,
      `${scheme}, ${file}`,
    ])
    expect(new Set(pairs).size).toBe(12)
  })

  it.each(chosen)(
    'shows every figure, $width pixels wide, $scheme, of $name',
    async ({ width, scheme, file, figureCount }) => {
      const { page, trouble } = await opened(file, width, scheme)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      const figures = await page.evaluate<ReadonlyArray<Seen>>(seen)
      expect(figures).toHaveLength(figureCount)
      for (const { pictures, colours, pictured, background } of figures) {
        const shown = pictures.filter(({ visible }) => visible)
        expect(shown).toHaveLength(1)
        const [box] = shown
        expect(box!.width).toBeGreaterThan(0.75 * Math.min(width, 640))
        expect(box!.x + box!.width).toBeLessThanOrEqual(width)
        expect(box!.height).toBeGreaterThan(100)
        // A picture with one colour would be empty: its lines must have colours of the scheme, other than the page's.
        const inks = colours.filter(colour => colour.startsWith('rgb') && colour !== background)
        // In figures with photographs, only text is drawn in colours of the scheme.
        expect(inks.length).toBeGreaterThan(pictured ? 1 : 2)
        expect(background).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 24, 29)')
      }
      expect(trouble).toEqual([])
    },
  )

  it.each([400, 1280])(
    'shows forty examples, each picture decoded and in its place, $0 pixels wide',
    async width => {
      const { page, trouble } = await opened(many, width, 'dark')
      const boxes = await page.evaluate<ReadonlyArray<Box>>(
        boxesOf(`.${width === 400 ? 'narrow' : 'wide'} svg image`),
      )
      expect(boxes).toHaveLength(40)
      for (const box of boxes) {
        expect(Math.min(box.width, box.height)).toBeGreaterThan(40)
        expect(box.x).toBeGreaterThanOrEqual(0)
        expect(box.x + box.width).toBeLessThanOrEqual(width)
      }
      // Whether the browser shows the pictures: it decodes only images that the page's policy allows.
      const decoded = `Promise.all([...document.querySelectorAll('svg image')].map(async node => {
      const image = new Image()
      image.src = node.href.baseVal
      await image.decode()
      return image.naturalWidth
    }))`
      expect(new Set(await page.evaluate<ReadonlyArray<number>>(decoded))).toEqual(new Set([28]))
      expect(trouble).toEqual([])
    },
  )

  it.each([
    { name: 'plain', file: plain },
    { name: 'many', file: many },
  ])(
    'has names and descriptions for those who do not see, and nothing else to stop at: $name',
    async ({ file }) => {
      const { page } = await opened(file, 1280, 'light')
      for (const [i, figure] of (await page.locator('figure').all()).entries()) {
        const [name, text] = await page.evaluate<ReadonlyArray<string>>(ofFigure(labelsOf, i))
        expect(name!.length).toBeGreaterThan(10)
        expect(text!.length).toBeGreaterThan(80)
        expect(await figure.locator('details table').count()).toBe(1)
      }
      expect(await page.locator('svg:not([aria-hidden="true"])').count()).toBe(0)
      await page.locator('figure summary').first().press('Enter')
      expect(await page.locator('figure details table').first().isVisible()).toBe(true)
    },
  )

  it('shows the strings of a hostile run only as text', async () => {
    const { page, trouble } = await open(owned, 1280, 'light')
    // Characters that change the direction of text are replaced.
    const shown = hostile.replace('\u202e', '\ufffd')
    expect(await page.title()).toBe(shown.replace(/\s+/g, ' ').trim())
    expect(await page.locator('h1').textContent()).toBe(shown)
    expect(
      await page.evaluate<ReadonlyArray<number>>('[document.scripts.length, document.images.length]'),
    ).toEqual([0, 0])
    expect(await page.locator('figure').count()).toBeGreaterThan(1)
    expect(trouble).toEqual([])
    await page.close()
  })
})
