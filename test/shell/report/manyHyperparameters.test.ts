/** Reports of runs with hundreds of hyperparameters: which figures they have, and what they say if data is missing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode as decodePng } from 'fast-png'
import { afterAll, describe, expect, it } from 'vitest'
import { binsOf, exampleRows, isChanged, weighs } from '../../../src/shell/report/data/exampleWeights.js'
import { lambdaMaps, mapped } from '../../../src/shell/report/data/LambdaMap.js'
import { spreadRows } from '../../../src/shell/report/data/spread.js'
import { narrow, wide } from '../../../src/shell/report/figures/Figure.js'
import { figuresOf } from '../../../src/shell/report/figuresOf.js'
import { picturesOf } from '../../../src/shell/report/Pictures.js'
import { readRun } from '../../../src/shell/report/ReadRun.js'
import { draw } from '../../../src/shell/report/render.js'
import { resultOf, type Run } from '../../../src/shell/report/Run.js'
import { writeReport } from '../../../src/shell/report/writeReport.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { deep } from '../../support/cases.js'
import { budgets, manyRun } from '../../support/manyRuns.js'
import { left, right } from '../../support/recordedRun.js'

const folder = mkdtempSync(join(tmpdir(), 'bilevel-many-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const weights = [{ family: 'exampleWeights' }, { family: 'l2', per: 'model', fixed: 2 }]
const cleaning = await manyRun(folder, 'cleaning', weights, { labelNoise: 0.5, budget: budgets.whole })
const pixels = await manyRun(folder, 'pixels', { family: 'l2', per: 'input' })
const blocks = await manyRun(folder, 'blocks', { family: 'elasticNet', per: 'block', block: 4 })

const read = (target: string): Run => right(readRun(methods)({ target, name: 'run' })).run
const [cleaned, byPixel, byBlock] = [cleaning, pixels, blocks].map(read) as [Run, Run, Run]
const pictures = right(await picturesOf(cleaned.header)())

const report = async (target: string, name: string) => {
  const output = join(folder, `${name}.html`)
  const { bytes } = right(await writeReport([target], { output })())
  return { page: readFileSync(output, 'utf8'), bytes, files: join(folder, `${name}-figures`) }
}

const ids = (page: string): ReadonlyArray<string> =>
  [...page.matchAll(/<figure id="([^"]*)"/g)].map(([, id]) => id!)

describe('weights of examples', () => {
  const rows = exampleRows(cleaned, pictures.set)!

  it('are sorted, with their labels and true labels', () => {
    expect(rows).toHaveLength(600)
    const lambda = resultOf(cleaned)!.lambda
    for (const [i, row] of rows.entries()) {
      expect(row.weight).toBeCloseTo(1 / (1 + Math.exp(-lambda[row.example]!)), 12)
      expect(row.weight).toBeGreaterThanOrEqual(rows[i - 1]?.weight ?? 0)
      expect(row.label).toBe(pictures.set.labels[row.example])
      expect(row.truth).toBe(pictures.set.truth![row.example])
    }
    expect(new Set(rows.map(({ example }) => example)).size).toBe(600)
    // Half of the labels were drawn at random, and a tenth of those are unchanged.
    const changed = rows.filter(row => isChanged(row) === true)
    expect(changed.length).toBeGreaterThan(230)
    expect(changed.length).toBeLessThan(300)
    // Even these few solves separate them in part.
    expect(rows.slice(0, 40).filter(row => isChanged(row) === true).length).toBeGreaterThan(30)
  })

  it('are sorted by their mean during the run if they are equal', () => {
    const tied = exampleRows(
      {
        ...cleaned,
        outcome: {
          ...cleaned.outcome!,
          rows: cleaned.outcome!.rows.map(row => ({ ...row, lambda: row.lambda.map(() => -5) })),
        },
      },
      null,
    )!
    for (const [i, row] of tied.entries())
      expect(row.meanWeight).toBeGreaterThanOrEqual(tied[i - 1]?.meanWeight ?? 0)
    expect(isChanged(tied[0]!)).toBe(null)
    expect(binsOf(tied).map(({ kept }) => kept)).toEqual([600, ...Array.from({ length: 19 }, () => 0)])
  })

  it('are all in some bin, also the largest weight', () => {
    const bins = binsOf([...rows, { ...rows[0]!, weight: 1 }])
    expect(bins.reduce((sum, { kept, changed }) => sum + kept + changed!, 0)).toBe(601)
    expect(bins[19]!.kept + bins[19]!.changed!).toBeGreaterThan(0)
  })

  it('are distinguished from other hyperparameters', () => {
    expect([cleaned, byPixel, byBlock].map(weighs)).toEqual([true, false, false])
    expect(exampleRows(byPixel, null)).toBe(null)
  })
})

describe('λ over pixels', () => {
  it('has the layout of the pixels, with and without channels, one map per family', () => {
    const lambda = byPixel.space.map((_, k) => k)
    const [map] = lambdaMaps(byPixel.space, lambda, [28, 28, 1])
    expect(map).toMatchObject({ family: 'l2', of: 'input', rows: 28, columns: 28, channels: 1 })
    for (const cell of map!.cells) expect(cell.lambda).toBe(28 * cell.row + cell.column)
    const [colour] = lambdaMaps(byPixel.space, lambda, [14, 14, 4])
    expect(colour).toMatchObject({ rows: 14, columns: 14, channels: 4 })
    for (const { row, column, channel, lambda: value } of colour!.cells)
      expect(value).toBe((14 * row + column) * 4 + channel)
    const maps = lambdaMaps(
      byBlock.space,
      byBlock.space.map((_, k) => k),
      null,
    )
    expect(maps.map(({ family, rows, columns }) => [family, rows, columns])).toEqual([
      ['l1', 7, 7],
      ['l2', 7, 7],
    ])
    expect(maps[1]!.cells.find(({ row, column }) => row === 2 && column === 3)!.lambda).toBe(49 + 17)
  })

  it('is missing if the shape is unknown, or if no component has a position', () => {
    expect(
      lambdaMaps(
        byPixel.space,
        byPixel.space.map(() => 0),
        null,
      ),
    ).toEqual([])
    expect([cleaned, byPixel, byBlock].map(({ space }) => mapped(space))).toEqual([
      'no',
      'by shape',
      'by name',
    ])
  })
})

it('the spread of λ has every solve, in order', () => {
  const rows = spreadRows(byBlock)
  expect(rows).toHaveLength(2 * byBlock.solves.length)
  for (const { least, low, median, high, largest } of rows)
    expect([least, low, median, high, largest]).toEqual(
      [least, low, median, high, largest].sort((a, b) => a - b),
    )
  expect(rows[rows.length - 1]!.largest).toBe(Math.max(...byBlock.solves.at(-1)!.lambda.slice(49)))
})

describe('a report', () => {
  it('of weights of examples shows the right forty images, and counts the changed labels', async () => {
    const { page, bytes, files } = await report(cleaning, 'a')
    expect(bytes).toBeLessThan(3 * 1024 * 1024)
    expect(ids(page)).toEqual(['best', 'suspects', 'example-weights', 'spread', 'dual'])
    const rows = exampleRows(cleaned, pictures.set)!
    const urls = [...page.matchAll(/<image [^>]*xlink:href="data:image\/png;base64,([^"]*)"/g)].map(
      ([, url]) => url!,
    )
    expect(urls).toHaveLength(2 * 40)
    for (const [i, url] of urls.entries()) {
      const { width, height, channels, data } = decodePng(Buffer.from(url, 'base64'))
      expect([width, height, channels]).toEqual([28, 28, 1])
      const { example } = rows[i % 40]!
      const pixels = pictures.set.images.subarray(784 * example, 784 * (example + 1))
      expect([...data]).toEqual(Array.from(pixels, pixel => Math.round(255 * pixel)))
    }
    const changed = rows.slice(0, 40).filter(row => isChanged(row) === true).length
    expect(page).toContain(`Of those shown, ${changed} of 40 (`)
    expect(readFileSync(join(files, 'suspects.csv'), 'utf8').split('\n')).toHaveLength(40 + 2)
    expect(page).toContain('the validation loss and the value function are not drawn')
    // No list of six hundred values is written in full.
    expect(page).toContain('(600 in all)')
    expect(page).not.toContain('weight[599]')
  })

  it('of λ over pixels or blocks has a map, and a table with a row for each row of the map', async () => {
    const { page, files } = await report(pixels, 'b')
    expect(ids(page)).toEqual(['best', 'map-l2', 'spread', 'dual'])
    const lines = readFileSync(join(files, 'map-l2.csv'), 'utf8').trimEnd().split('\n')
    expect(lines).toHaveLength(29)
    const { lambda } = resultOf(byPixel)!
    expect(lines[3]!.split(',').map(Number)).toEqual([2, ...lambda.slice(56, 84)])
    const { figures } = figuresOf({ title: '', runs: [byBlock] }, null)
    expect(figures.map(({ id }) => id)).toEqual(['best', 'map-l1', 'map-l2', 'spread', 'dual'])
  })

  it('says what is missing if the data has changed or is gone', async () => {
    const place = join(folder, 'cleaning-config', 'train_dataset_1k_60.npz')
    const whole = readFileSync(place)
    writeFileSync(place, readFileSync(join(folder, 'cleaning-config', 'validation_dataset_1k_40.npz')))
    const other = await report(cleaning, 'd')
    expect(ids(other.page)).toEqual(['best', 'example-weights', 'spread', 'dual'])
    expect(other.page).toContain('the data has changed since the run')
    rmSync(place)
    expect((await report(cleaning, 'd')).page).toMatch(
      /The training images of cleaning are not shown: .*train_dataset/,
    )
    writeFileSync(place, whole)
    const { header } = cleaned
    expect(left(await picturesOf({ ...header, problem: {} })()).message).toContain('does not say')
  })

  it('does not download data that is missing in the cache', async () => {
    const { BILEVEL_CACHE } = process.env
    process.env['BILEVEL_CACHE'] = join(folder, 'empty')
    const data = { source: 'mnist', train: 5, validation: 5 }
    const { header } = cleaned
    const found = await picturesOf({ ...header, problem: { data, seed: 0, baseFolder: null } })()
    if (BILEVEL_CACHE === undefined) delete process.env['BILEVEL_CACHE']
    else process.env['BILEVEL_CACHE'] = BILEVEL_CACHE
    expect(left(found).message).toContain('`bilevel data fetch mnist` puts it there')
  })
})

describe('figures', () => {
  const cases = [cleaned, byPixel, byBlock].flatMap((run, i) =>
    figuresOf({ title: '', runs: [run] }, null, () => (i === 2 ? null : pictures)).figures.flatMap(
      (figure, k) =>
        // The reports above draw both; here each figure has one, and in depth both.
        (deep ? [wide, narrow] : [(i + k) % 2 === 0 ? wide : narrow]).map(frame => ({
          title: `${i} ${figure.id}, ${frame.width} pixels`,
          figure,
          frame,
        })),
    ),
  )

  it.each(cases)('$title', async ({ figure, frame }) => {
    const { svg, warnings } = right(await draw(figure.spec(frame))())
    expect(warnings).toEqual([])
    const [, width] = /^<svg[^>]* width="([\d.]+)"/.exec(svg) ?? []
    expect(Number(width)).toBeLessThan(1.08 * frame.width)
    // Encoded images may contain any letters.
    expect(svg.replace(/base64,[^"]*/g, '')).not.toMatch(/NaN|Infinity|undefined/)
    expect(figure.description.length).toBeGreaterThan(80)
    expect(figure.description).not.toMatch(/NaN|undefined|Infinity/)
    for (const row of figure.table.rows) expect(row.length).toBe(figure.table.head.length)
  })
})
