/** Output that nobody reads, or that finds no room: a run goes on, and its exit code tells of a lost result. */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { deep } from '../support/cases.js'
import { tinyConfig } from '../support/tinyRun.js'
import { carryOut, program, root, scratch, writeConfig, type Ended } from './support.js'

const folder = scratch()
const config = writeConfig(join(folder, 'config.json'), tinyConfig)
const tune = (run: string): ReadonlyArray<string> => [
  ...['tune', config, '--backend', 'wasm', '--workers', '1', '--out', run],
]

type Fate = 'read' | 'closed' | 'full'

/** Runs a command whose streams are read, closed at once by their reader, or a device without room. */
const withStreams = async (argv: ReadonlyArray<string>, stdout: Fate, stderr: Fate): Promise<Ended> => {
  const full = [stdout, stderr].includes('full') ? openSync('/dev/full', 'w') : null
  const of = (fate: Fate): 'pipe' | number => (fate === 'full' ? full! : 'pipe')
  const child = spawn(process.execPath, [program, ...argv], {
    cwd: root,
    stdio: ['ignore', of(stdout), of(stderr)],
  })
  if (full !== null) closeSync(full)
  if (stdout === 'closed') child.stdout!.destroy()
  if (stderr === 'closed') child.stderr!.destroy()
  const heard = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (heard.out += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (heard.err += text))
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { code, ...heard }
}

const whole = join(folder, 'whole')
let ended: Ended
beforeAll(async () => {
  ended = await carryOut(tune(whole))
  expect(ended.code, ended.err).toBe(0)
})

const expectWhole = (run: string): void => {
  for (const name of ['run.jsonl', 'summary.json'])
    expect(readFileSync(join(run, name), 'utf8')).toBe(readFileSync(join(whole, name), 'utf8'))
}

const table = (out: string): string => out.replaceAll(/ +\d+\.\d$/gm, '').replace(/; [\d.]+ s\.[^]*/, '')

describe.skipIf(!existsSync('/dev/full'))('a run whose', () => {
  // Full: below, with stdout.
  it.each(deep ? (['closed', 'full'] as const) : (['closed'] as const))(
    'stderr is %s ends as if it were read',
    async fate => {
      const run = join(folder, `stderr-${fate}`)
      const { code, out } = await withStreams(tune(run), 'read', fate)
      expect(code).toBe(0)
      expect(table(out)).toBe(table(ended.out))
      expectWhole(run)
    },
  )

  // In `npm test`: below, with stderr.
  it.runIf(deep)('stdout is closed is whole, and its exit code says that the table is lost', async () => {
    const run = join(folder, 'stdout-closed')
    const { code, err } = await withStreams(tune(run), 'closed', 'read')
    expect(code).toBe(141)
    expect(err).not.toContain('bilevel: ')
    expectWhole(run)
  })

  it('stdout is full is whole, and its message and exit code say that the table is lost', async () => {
    const run = join(folder, 'stdout-full')
    const { code, err } = await withStreams(tune(run), 'full', 'read')
    expect(code).toBe(2)
    expect(err).toMatch(/\nbilevel: The result could not be written to stdout \(ENOSPC\)\..+\n$/)
    expectWhole(run)
  })

  it('streams are both lost is whole', async () => {
    const run = join(folder, 'both-lost')
    expect(await withStreams(tune(run), 'closed', 'full')).toMatchObject({ code: 141 })
    expectWhole(run)
  })
})

describe.skipIf(!existsSync('/dev/full'))('any command', () => {
  const commands = [
    ['--version'],
    ['presets'],
    ['replay', whole],
    ['tune', '--help'],
    ['replay', whole, '--json'],
  ]
  it.each(deep ? commands : commands.slice(0, 2))(
    '(%s) tells of lost output by its exit code',
    async (...argv) => {
      expect(await withStreams(argv, 'read', 'read')).toMatchObject({ code: 0 })
      expect(await withStreams(argv, 'closed', 'read')).toMatchObject({ code: 141, err: '' })
      expect(await withStreams(argv, 'full', 'read')).toMatchObject({ code: 2 })
    },
  )

  it('that fails keeps its own exit code', async () => {
    const argv = ['replay', join(folder, 'nowhere')]
    for (const fate of ['closed', 'full'] as const) {
      expect(await withStreams(argv, fate, 'read')).toMatchObject({ code: 2 })
      expect(await withStreams(argv, 'read', fate)).toMatchObject({ code: 2, out: '' })
    }
  })
})
