/** Complete reports: the written files, refusals, and that nothing from a run becomes markup. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { describe, expect, it } from 'vitest'
import { numericsKey } from '../../../src/core/log/numerics.js'
import { commandLine } from '../../../src/shell/cli/commandLine.js'
import { csv } from '../../../src/shell/report/csv.js'
import { escaped, html } from '../../../src/shell/report/Html.js'
import { signature } from '../../../src/shell/report/page.js'
import { writeReport } from '../../../src/shell/report/writeReport.js'
import { bodiesOf, sealed, textOf } from '../../support/logText.js'
import { committed, hostile, recordHostile } from '../../support/reportRuns.js'
import { left, right, withFolder } from '../../support/recordedRun.js'

const megabytes = 1024 * 1024

const run = async (...argv: ReadonlyArray<string>) => {
  const said = { out: '', err: '' }
  const code = await commandLine({
    out: text => {
      said.out += text
    },
    err: text => {
      said.err += text
    },
  })(argv)
  return { code, ...said }
}

describe('a report', () => {
  it('is one file without scripts and external resources, and files for papers', () =>
    withFolder(async folder => {
      const output = join(folder, 'a', 'report.html')
      const report = right(await writeReport([committed('d1'), committed('d2')], { output })())
      const page = readFileSync(output, 'utf8')
      expect(report).toMatchObject({ page: output, runs: 2, notices: [], bytes: Buffer.byteLength(page) })
      expect(report.bytes).toBeLessThan(3 * megabytes)
      expect(page.startsWith(signature)).toBe(true)
      expect(page).not.toMatch(/<script|<link|<img|<iframe|<object|https?:|\bsrc=|@import/i)
      for (const [, target] of page.matchAll(/href="([^"]*)"/g)) {
        expect(target).toMatch(/^report-figures\/[\w.-]+$/)
        expect(existsSync(join(folder, 'a', target!)), target).toBe(true)
      }
      const names = readdirSync(join(folder, 'a', 'report-figures'))
      expect(names.length).toBe(report.files.length)
      for (const id of ['best', 'landscape', 'value-function', 'dual'])
        for (const extension of ['svg', 'vl.json', 'csv'])
          expect(names, id).toContain(`task-2-${id}.${extension}`)
      const ids = [...page.matchAll(/<[^<>]* id="([^"]*)"/g)].map(([, id]) => id)
      expect(new Set(ids).size).toBe(ids.length)
    }))

  it('has the same bytes for the same runs, and replaces an existing report', () =>
    withFolder(async folder => {
      const output = join(folder, 'report.html')
      const write = async (): Promise<string> => {
        right(await writeReport([committed('d1')], { output })())
        return readFileSync(output, 'utf8')
      }
      const first = await write()
      writeFileSync(output, `${signature} of another time`)
      expect(await write()).toBe(first)
    }))

  it('begins with the sections of its caller, and draws a dense grid from a file', () =>
    withFolder(async folder => {
      const [output, truth] = [join(folder, 'report.html'), join(folder, 'truth.json')]
      writeFileSync(
        truth,
        JSON.stringify({
          points: [
            { lambda: [1], upper: 0.5 },
            { lambda: [2], upper: 0.25 },
          ],
        }),
      )
      const sections = [
        {
          title: 'Paired differences',
          paragraphs: ['a < b'],
          tables: [{ caption: 'by seed', head: ['seed', 'difference'], rows: [[0, -0.25]] }],
        },
      ]
      right(await writeReport([committed('d1')], { output, title: 'A & B', sections, truth })())
      const page = readFileSync(output, 'utf8')
      expect(page).toContain('<title>A &amp; B</title>')
      expect(page).toContain('<p>a &lt; b</p>')
      expect(page).toContain('<td class="n">-0.25</td>')
      expect(page).toContain('The line is a dense grid of 2 points.')
      writeFileSync(truth, '{"points": [{"lambda": [1]}]}')
      expect(left(await writeReport([committed('d1')], { output, truth })()).message).toContain(
        '`points[0].upper` is missing; it must be a finite number',
      )
    }))

  // The notices of a whole one are empty above.
  it('says that a summary was changed after the run', () =>
    withFolder(async folder => {
      const run = join(folder, 'run')
      mkdirSync(run)
      for (const name of ['run.jsonl', 'summary.json'])
        copyFileSync(join(committed('d1'), name), join(run, name))
      const output = join(folder, 'report.html')
      const summary = readFileSync(join(run, 'summary.json'), 'utf8')
      writeFileSync(join(run, 'summary.json'), summary.replace('"stopReason": "', '"stopReason": "not '))
      const changed = right(await writeReport([run], { output })())
      expect(changed.notices.join()).toContain('field `stopReason`: expected ')
      expect(changed.notices.join()).toContain('The summary was changed after it was written')
    }))

  it('accepts folders of runs, and gives the runs unique names', () =>
    withFolder(async folder => {
      for (const seed of ['s1', 's2']) {
        mkdirSync(join(folder, 'all', 'bilevel', seed), { recursive: true })
        copyFileSync(join(committed('d1'), 'run.jsonl'), join(folder, 'all', 'bilevel', seed, 'run.jsonl'))
      }
      const output = join(folder, 'report.html')
      // A run that is named twice counts once.
      const targets = [join(folder, 'all'), join(folder, 'all', 'bilevel', 's1')]
      expect(right(await writeReport(targets, { output })()).runs).toBe(2)
      expect(readFileSync(output, 'utf8')).toContain('mean ± standard error of 2 runs')
    }))

  it('of a log with other numerics draws everything except φ̂, with a notice', () =>
    withFolder(async folder => {
      const [header, ...records] = bodiesOf(textOf(committed('d1')))
      const { versions, ...rest } = JSON.parse(header!) as { versions: Record<string, string> }
      const other = JSON.stringify({ ...rest, versions: { ...versions, [numericsKey]: 'other' } })
      writeFileSync(join(folder, 'run.jsonl'), sealed([other, ...records]))
      const output = join(folder, 'report.html')
      const { notices } = right(await writeReport([folder], { output })())
      expect(notices.join(' ')).toContain('numerics')
      const page = readFileSync(output, 'utf8')
      expect(page).toContain('read, not derived again')
      expect(page).toContain('id="dual"')
      expect(page).not.toContain('id="value-function"')
    }))
})

describe('what is refused', () => {
  it('includes a log that does not replay, with exit code 1', () =>
    withFolder(async folder => {
      const text = textOf(committed('d1'))
      writeFileSync(join(folder, 'run.jsonl'), text.replace('"penalty":5', '"penalty":6'))
      const output = join(folder, 'report.html')
      expect(left(await writeReport([folder], { output })())._tag).toBe('Mismatch')
      expect((await run('report', folder, '-o', output)).code).toBe(1)
      expect(existsSync(output)).toBe(false)
    }))

  it('includes an output that is another file or not a page', () =>
    withFolder(async folder => {
      const output = join(folder, 'report.html')
      writeFileSync(output, '<!doctype html>mine')
      expect(left(await writeReport([committed('d1')], { output })()).message).toContain('is not a report')
      expect(readFileSync(output, 'utf8')).toBe('<!doctype html>mine')
      expect(left(await writeReport([committed('d1')], { output: folder })()).message).toContain('.html')
    }))

  it('includes a folder without runs, and a missing folder', () =>
    withFolder(async folder => {
      const output = join(folder, 'report.html')
      expect(left(await writeReport([folder], { output })()).message).toContain('no recorded run')
      expect(left(await writeReport([join(folder, 'no')], { output })()).message).toContain(
        join(folder, 'no'),
      )
    }))
})

describe('the command', () => {
  it('prints what it has written', () =>
    withFolder(async folder => {
      const output = join(folder, 'report.html')
      const { code, out, err } = await run('report', committed('d1'), '-o', output)
      expect([code, err]).toEqual([0, ''])
      expect(out).toMatch(/report\.html: 1 run, \d+ KB; 12 files with figures beside it\./)
    }))
})

describe('hostile runs', () => {
  it('become text', () =>
    withFolder(async folder => {
      const runs = [await recordHostile(folder, 1), await recordHostile(folder, 2)]
      const output = join(folder, 'report.html')
      const { files } = right(await writeReport(runs, { output, title: hostile })())
      const page = readFileSync(output, 'utf8')
      expect(page).not.toMatch(/<script|<img/i)
      // All tags come from the program.
      const tags = new Set([...page.matchAll(/<\/?([a-zA-Z]+)/g)].map(([, tag]) => tag!.toLowerCase()))
      for (const tag of ['html', 'table', 'svg', 'path', 'figure', 'td']) tags.delete(tag)
      expect([...tags].filter(tag => ['script', 'img', 'iframe', 'object', 'a'].includes(tag))).toEqual(['a'])
      expect(page.match(/ on\w+="/g)).toBeNull()
      expect(page).toContain(escaped(hostile))
      for (const file of files.filter(name => name.endsWith('.svg')))
        expect(readFileSync(file, 'utf8')).not.toMatch(/<script|<img/i)
    }))

  it('are text in templates, whatever they contain', () => {
    // A third of ASCII, where markup is; fast-check's own unit of all characters takes a second to begin.
    const range = (min: number, max: number) =>
      fc.integer({ min, max }).map(code => String.fromCodePoint(code))
    const unit = fc.oneof(range(0, 0x7f), range(0x80, 0xd7ff), range(0xe000, 0x10ffff))
    fc.assert(
      fc.property(fc.string({ unit }), text => {
        const { markup } = html`<p title="${text}">${text}</p>`
        expect(markup.match(/[<>]/g)).toEqual(['<', '>', '<', '>'])
        expect(markup.match(/"/g)).toEqual(['"', '"'])
      }),
      cases(1000),
    )
  })

  it('do not become formulas in a spreadsheet, and rows stay rows', () => {
    expect(
      csv({
        head: ['a', 'b'],
        rows: [
          ['=1+1', -0.5],
          ['x,"y"\n', null],
        ],
      }),
    ).toBe('a,b\n\'=1+1,-0.5\n"x,""y""\n",\n')
  })
})
