/**
 * Every log that was ever recorded stays readable. A log of the present numerics replays: every command and info is derived
 * again. A log of other numerics cannot be replayed; only its records are checked.
 */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { describe, expect, it } from 'vitest'
import { numerics } from '../../../src/core/log/numerics.js'
import { commandLine } from '../../../src/shell/cli/commandLine.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { replayRun, statement } from '../../../src/shell/record/replayRun.js'
import { bodiesOf, recordedRuns, sealed, textOf } from '../../support/logText.js'
import { left, right, withFolder } from '../../support/recordedRun.js'

const replay = replayRun(methods)

const current = recordedRuns.filter(run => run.numerics === numerics)

describe('recorded logs', () => {
  it('of the present numerics exist with one hyperparameter, with two, and packed', () => {
    const message = 'Record them: npx tsx test/bench/recordLogs.ts'
    expect(current.map(({ version, name }) => `v${version}/${name}`).sort(), message).toEqual([
      'v1/d1',
      'v1/d2',
      'v2/d196',
    ])
  })

  it.each(recordedRuns)('v$version, numerics $numerics, $name is read to its end', run => {
    const replayed = replay(run.folder)
    const advice =
      'The methods compute other results than before. If that is intended, raise `numerics` in core/log/numerics.ts and ' +
      `record new logs: npx tsx test/bench/recordLogs.ts. ${JSON.stringify(replayed).slice(0, 400)}`
    expect(replayed._tag, advice).toBe('Right')
    expect(right(replayed)).toMatchObject({
      checked: run.numerics === numerics ? 'decisions' : 'records',
      steps: textOf(run.folder).trimEnd().split('\n').length - 1,
      halted: true,
      torn: null,
    })
  })
})

const folderOf = current[0]?.folder ?? ''
const bodies = bodiesOf(textOf(folderOf))

/** Writes a log with a summary beside it, and passes on its folder. */
const withLog = <A>(changed: ReadonlyArray<string>, use: (folder: string) => A | Promise<A>): Promise<A> =>
  withFolder(folder => {
    copyFileSync(join(folderOf, 'summary.json'), join(folder, 'summary.json'))
    writeFileSync(join(folder, 'run.jsonl'), sealed(changed))
    return use(folder)
  })

const run = async (...argv: ReadonlyArray<string>) => {
  let out = ''
  let err = ''
  const code = await commandLine({ out: text => void (out += text), err: text => void (err += text) })(argv)
  return { code, out, err }
}

describe('another version of the log', () => {
  it.each(['0', '3', '"1"', 'null', '1.5', '-1', '[1]'])('(%s) is refused', async stated => {
    const [header = '', ...rest] = bodies
    await withLog([header.replace('"version":1', `"version":${stated}`), ...rest], async folder => {
      for (const command of ['replay', 'resume']) {
        const { code, out, err } = await run(command, folder)
        expect({ code, out }).toEqual({ code: 2, out: '' })
        expect(err).toContain(`field \`version\`: expected 1 or 2, found ${stated}`)
      }
      expect((await run('diff', folder, folder)).code).toBe(2)
    })
  })
})

const foreign = bodies.map((body, i) =>
  i === 0 ? body.replace(`"numerics":"${numerics}"`, '"numerics":"999"') : body,
)

describe('other numerics', () => {
  it('are in the header of every run', () => expect(foreign[0]).toContain('"numerics":"999"'))

  it('are read and followed, but not reported as replayed', () =>
    withLog(foreign, async folder => {
      const replayed = right(replay(folder))
      expect(replayed).toMatchObject({ checked: 'records', steps: bodies.length - 1, halted: true })
      expect(replayed.after).toMatchObject({ open: [], state: null })
      expect(statement(replayed)).not.toContain('replay as logged')
      const { code, out, err } = await run('replay', folder)
      expect(code).toBe(2)
      expect(out).toContain('were not derived again')
      expect(err).toMatch(/version 999 of the numerics .* install the release/)
      const json: unknown = JSON.parse((await run('replay', folder, '--json')).out)
      expect(json).toMatchObject({ checked: 'records', state: null })
    }))

  it('can be inspected step by step', () =>
    withLog(foreign, folder => {
      for (let until = 0; until < bodies.length - 1; until += 9) {
        const { info, commands } = JSON.parse(bodies[until + 1]!) as { info: unknown; commands: unknown[] }
        const { steps, after } = right(replay(folder, { until }))
        expect(steps).toBe(until + 1)
        expect(after.info).toEqual(info)
        expect(after.open.length).toBeGreaterThanOrEqual(Math.min(1, commands.length))
      }
    }))

  it('cannot be resumed', () =>
    withLog(foreign.slice(0, 9), async folder => {
      const { code, err } = await run('resume', folder)
      expect(code).toBe(2)
      expect(err).toContain('version 999 of the numerics')
    }))

  const changes: ReadonlyArray<readonly [string, number, (body: string) => string, RegExp]> = [
    ['a step out of order', 4, body => body.replace('"step":3', '"step":4'), /field `step`: expected 3/],
    [
      'an answer to a question that nobody asked',
      4,
      body => body.replace(/"id":\d+/, '"id":77'),
      /`observation\.id`/,
    ],
    [
      'an answer of another kind',
      4,
      body => body.replace('"LowerLevelSolved"', '"Refitted"'),
      /field `observation/,
    ],
    ['an unexpected observation', 1, body => body.replace('null', '{}'), /field `observation`/],
    ['a command of no kind', 1, body => body.replace('"SolveLowerLevel"', '"Solve"'), /`commands\[\d\]/],
    ['an id twice', 1, body => body.replace('"id":1', '"id":0'), /`commands\[1\]\.id`/],
    [
      'a field too many',
      3,
      body => body.replace('"info":{', '"info":{"extra":1,'),
      /the text that a run writes/,
    ],
    ['a field twice', 3, body => body.replace('{"step"', '{"step":7,"step"'), /the text that a run writes/],
    ['a space', 3, body => `${body.slice(0, -1)} }`, /the text that a run writes/],
    ['an invalid info', 3, body => body.replace('"phase":"', '"phase":3,"x":"'), /`info\.phase`/],
    ['an invalid number', 3, body => body.replace(/"upper":[^,]+/, '"upper":null'), /`observation\.upper`/],
  ]
  it.each(changes)('with %s are refused, even with a valid digest', (_, line, change, message) => {
    expect(change(foreign[line]!)).not.toBe(foreign[line])
    return withLog(
      foreign.map((body, i) => (i === line ? change(body) : body)),
      folder => {
        const error = left(replay(folder))
        expect(error._tag).toBe('Mismatch')
        expect(error.message).toMatch(new RegExp(`^Line ${line + 1} of `))
        expect(error.message).toMatch(message)
      },
    )
  })

  it('are found to be changed at any byte', () =>
    withLog(foreign, folder => {
      const path = join(folder, 'run.jsonl')
      const bytes = Buffer.from(sealed(foreign))
      fc.assert(
        fc.property(fc.nat(bytes.length - 2), fc.integer({ min: 1, max: 255 }), (index, flip) => {
          const changed = Buffer.from(bytes)
          changed[index]! ^= flip
          writeFileSync(path, changed)
          expect(['Mismatch', 'BadInput']).toContain(left(replay(folder))._tag)
        }),
        cases(400),
      )
    }))

  it('end where the run ended', () =>
    withLog([...foreign, foreign.at(-1)!.replace(/"step":\d+/, `"step":${foreign.length - 1}`)], folder =>
      expect(left(replay(folder)).message).toContain('no record after the run halted'),
    ))
})
