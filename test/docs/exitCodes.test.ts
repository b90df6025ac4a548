/** docs/exit-codes.md, held against the program: what each command's help says, what commands return, and the limits in the code. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { limits as logLimits } from '../../src/core/log/RunLog.js'
import { numerics } from '../../src/core/log/numerics.js'
import { commandLine } from '../../src/shell/cli/commandLine.js'
import { maxClasses, maxFileBytes, maxPixels } from '../../src/shell/data/formats/limits.js'
import { paceLimits } from '../../src/shell/data/stored/Pace.js'
import { recordedRuns } from '../support/logText.js'

const text = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8')
const page = text('exit-codes.md')

const cellsOf = (line: string): ReadonlyArray<string> =>
  line
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim())

const codes = ['0', '1', '2', '130'] as const
/** The exit codes of each command, as the table has them. */
const table = new Map(
  page
    .split('\n')
    .filter(line => /^\| `[a-z- ]+` .*\|.*\|.*\|.*\|.*\|$/.test(line))
    .map(line => {
      const [command, ...cells] = cellsOf(line)
      return [command!.replaceAll('`', ''), codes.filter((_, i) => cells[i] !== '')] as const
    }),
)

const bilevel = async (...argv: ReadonlyArray<string>) => {
  const heard = { out: '', err: '' }
  const code = await commandLine({
    out: said => void (heard.out += said),
    err: said => void (heard.err += said),
  })(argv)
  return { code, ...heard }
}

const folder = mkdtempSync(join(tmpdir(), 'bilevel-codes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.unstubAllEnvs())

describe('the table of exit codes', () => {
  it('has every command', async () => {
    const { out } = await bilevel('--help')
    const listed = [
      ...out.slice(out.indexOf('Commands:'), out.indexOf('Examples:')).matchAll(/^ {2}([a-z-]+)/gm),
    ]
      .map(([, name]) => name!)
      .filter(name => name !== 'help')
    expect(listed.length).toBeGreaterThan(8)
    expect(new Set([...table.keys()].map(name => name.split(' ')[0]!))).toEqual(new Set(listed))
  })

  it.each([...table])('has for `%s` what its help says', async (command, stated) => {
    const { out } = await bilevel(...command.split(' '), '--help')
    const said = /Exit codes: ([^]*?)(?:\n\n|$)/.exec(out)?.[1]
    if (said === undefined) {
      // Commands that can only fail like any other do not list their codes.
      expect(stated).not.toContain('1')
      expect(stated).not.toContain('130')
    } else expect([...said.matchAll(/(?:^|; )\s*(\d+) /g)].map(([, code]) => code)).toEqual(stated)
  })
})

describe('the table of options in docs/configuration.md', () => {
  const configuration = text('configuration.md')

  it.each([...table.keys()])('has every option of `%s`', async command => {
    const { out } = await bilevel(...command.split(' '), '--help')
    const options = [...out.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option!)
    for (const option of options.filter(option => option !== '--help'))
      expect(configuration).toContain(`| \`${command}\` \`${option}\` `)
  })
})

describe('commands', () => {
  const run = recordedRuns.find(one => one.numerics === numerics)?.folder ?? ''
  const copy = (name: string, edit: (log: string) => string): string => {
    const to = join(folder, name)
    cpSync(run, to, { recursive: true })
    const log = join(to, 'run.jsonl')
    writeFileSync(log, edit(readFileSync(log, 'utf8')))
    return to
  }
  const changed = copy('changed', log =>
    log.replace(/"effort":(\d)/, (_, d) => `"effort":${(Number(d) + 1) % 10}`),
  )
  const torn = copy('torn', log => log.slice(0, -10))
  const page = join(folder, 'report.html')
  const empty = join(folder, 'cache')
  mkdirSync(empty)

  it.each<readonly [number, ReadonlyArray<string>]>([
    [0, ['replay', run]],
    [1, ['replay', changed]],
    [2, ['replay', torn]],
    [2, ['replay', join(folder, 'nowhere')]],
    [0, ['diff', run, run]],
    [1, ['diff', run, recordedRuns.find(({ folder }) => folder !== run)?.folder ?? '']],
    [2, ['diff', run, changed]],
    [2, ['diff', run, join(folder, 'nowhere')]],
    [0, ['report', run, '--output', page]],
    [1, ['report', changed, '--output', page]],
    [2, ['report', join(folder, 'nowhere'), '--output', page]],
    [1, ['resume', changed]],
    [2, ['resume', join(folder, 'nowhere')]],
    [2, ['tune', join(folder, 'nowhere.json')]],
    [2, ['compare', join(folder, 'nowhere.json')]],
    [0, ['data', 'list']],
    [0, ['data', 'verify']],
    [2, ['data', 'verify', 'mnist']],
    [2, ['data', 'fetch', 'fashion-mnist', '--from', join(folder, 'nowhere')]],
    [0, ['presets']],
    [2, ['presets', 'nothing']],
    [2, ['tune', '--seed', '-1']],
    [2, ['not-a-command']],
  ])('return %i: %j', async (code, argv) => {
    vi.stubEnv('BILEVEL_CACHE', empty)
    const { code: found, err } = await bilevel(...argv)
    expect(found, err).toBe(code)
    const command = [argv.slice(0, 2).join(' '), argv[0]!].find(name => table.has(name))
    if (command !== undefined) expect(table.get(command)).toContain(String(code))
  })
})

describe('the limits', () => {
  const number = (value: number): string => value.toLocaleString('en-US')

  it.each([
    ['Silence of a download', `${paceLimits.silenceMs / 1000} s`],
    ['Silence of a download', `${paceLimits.noticeMs / 1000} s`],
    ['Pace of a download', number(paceLimits.bytesPerSecond)],
    ['A line of a log', number(logLimits.length)],
    ['A line of a log', `${logLimits.depth} levels`],
    ['A line of a log', number(logLimits.entries)],
    ['A data file, a data set', number(maxFileBytes)],
    ['A data file, a data set', number(maxPixels)],
    ['A data file, a data set', `${maxClasses} classes`],
  ])('%s: %s', (what, limit) => {
    const line = page.split('\n').find(one => one.startsWith(`| ${what} `))
    expect(line).toContain(limit)
  })

  it.each([
    ['resume', '--workers', '64', '65'],
    ['compare', '--jobs', '256', '257'],
    ['compare', '--seeds', '1000', '1001'],
    ['compare', '--budget', '1000000', '1000001'],
  ])('%s %s is at most %s', async (command, option, most, more) => {
    const file = join(folder, 'nowhere.json')
    expect((await bilevel(command, file, option, more)).err).not.toContain('nowhere.json')
    expect((await bilevel(command, file, option, most)).err).toContain('nowhere.json')
    expect(page).toContain(number(Number(most)))
  })
})
