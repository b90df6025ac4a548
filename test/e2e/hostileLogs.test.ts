/**
 * Logs that are made to cost much: each is refused with a message and exit code 1 or 2. A process of its own may hold at
 * most 200 MB; `npm run test:deep` gives each log and each command one, `npm test` a replay of those that are largest in memory. The
 * rest are read in this process, where the test's timeout is what protects against reading for ever.
 */
import { closeSync, copyFileSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as t from 'io-ts'
import { afterAll, describe, expect, it } from 'vitest'
import { limits } from '../../src/core/log/RunLog.js'
import { deep as thorough } from '../support/cases.js'
import { bodiesOf, recordedRuns, sealed, textOf } from '../support/logText.js'
import { bilevelHere, program, root, scratch, startNode } from './support.js'

const folder = scratch()
const run = recordedRuns.find(({ name }) => name === 'd1')?.folder ?? ''
const whole = textOf(run)
/** The header and six records. */
const good = `${whole.split('\n').slice(0, 7).join('\n')}\n`
const bodies = bodiesOf(good)
const header = bodies[0]!

const Used = t.type({ cpuMs: t.number, megabytes: t.number })

/** Reports what the process used, when it ends. */
const meter = `data:text/javascript,${encodeURIComponent(
  `import { writeSync } from 'node:fs'
   process.on('exit', () => {
     const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
     writeSync(2, '\\nUSED ' + JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, megabytes: maxRSS / 1024 }))
   })`,
)}`

const most = { cpuMs: 0, megabytes: 0, name: '' }

interface Said {
  readonly code: number | null
  readonly out: string
  readonly said: string
}

/** In a process of its own, whose memory is limited. */
const measured = async (name: string, args: ReadonlyArray<string>): Promise<Said> => {
  const { code, out, err } = await startNode(['--import', meter, program, ...args], { cwd: folder }).ended
  const [said = '', report = ''] = err.split('\nUSED ')
  const used: unknown = JSON.parse(report)
  if (!Used.is(used)) throw new Error(err)
  if (used.megabytes > most.megabytes) Object.assign(most, { megabytes: used.megabytes, name })
  most.cpuMs = Math.max(most.cpuMs, used.cpuMs)
  expect(used.megabytes, name).toBeLessThan(200)
  return { code, out, said }
}

/** In this process. */
const here = async (args: ReadonlyArray<string>): Promise<Said> => {
  const { code, out, err } = await bilevelHere(args)
  return { code, out, said: err }
}

/** What takes the most memory, by what it is called. */
const large = /of 10⁶ lists|10⁵ objects|of 4 million|1 GB|80 GB|as many packed|a million empty/
/** The largest of all: also for the commands that read a log as `replay` does. */
const largest = /of 10⁶ lists/
const answered = (name: string, args: ReadonlyArray<string>): Promise<Said> =>
  thorough || (args[0] === 'replay' && large.test(name)) || largest.test(name)
    ? measured(name, args)
    : here(args)

afterAll(() =>
  console.log(
    `Hostile logs: at most ${most.megabytes.toFixed(0)} MB (${most.name}) and ${most.cpuMs.toFixed(0)} ms of processor time.`,
  ),
)

const refused = async (name: string, args: ReadonlyArray<string>): Promise<string> => {
  const { code, out, said } = await answered(name, args)
  expect([1, 2], `${name}: ${said}`).toContain(code)
  expect(out).toBe('')
  expect(said).toMatch(/^bilevel: \S.*[.?]\n?$/)
  expect(said.length).toBeLessThan(2000)
  expect(said).not.toMatch(/^\s+at |node_modules|heap|call stack/m)
  return said
}

const times = (text: string, count: number): string => text.repeat(count)
const list = (entry: string, count: number): string => `[${times(`${entry},`, count - 1)}${entry}]`
const deep = (depth: number): string => times('[', depth) + times(']', depth)

/** One record more, with the digest that it must have. */
const more = (body: string): string => sealed([...bodies, body])
/** One record more with this observation. */
const observing = (observation: string): string =>
  more(`{"step":6,"observation":${observation},"commands":[],"info":{}}`)
const headed = (changed: string): string => sealed([changed, ...bodies.slice(1)])
const foreign = header.replace(/"numerics":"\d+"/, '"numerics":"999"')
const command = '{"_tag":"SolveLowerLevel"}'

/** The same in a log whose vectors are packed. */
const packing = (observation: string): string =>
  sealed([
    header.replace('"version":1', '"version":2'),
    ...bodies.slice(1),
    `{"step":6,"observation":${observation},"commands":[],"info":{}}`,
  ])
const numbers = `"float64":"${times('AAAA', 8 * 2048)}"`

const hostile: ReadonlyArray<readonly [string, () => string | Buffer]> = [
  ['a list of 10⁶ numbers', () => observing(list('1', 1e6))],
  ['a list of 10⁶ lists', () => observing(list('[]', 1e6))],
  [
    'a list as long as any may be',
    () => observing(`{"_tag":"LowerLevelSolved","upperGradient":${list('null', 65_536)}}`),
  ],
  ['10⁵ lists in one another', () => observing(deep(1e5))],
  ['10⁵ lists that never end', () => observing(times('[', 1e5))],
  ['10⁵ objects in one another', () => observing(times('{"a":', 1e5) + '1' + times('}', 1e5))],
  [
    'lists as deep and long as any may be',
    () => observing(times(`${list('0', 65_536)},`, 20).replace(/^/, '[') + '0]'),
  ],
  ['a number of 10⁶ digits', () => observing(times('9', 1e6))],
  ['10⁶ zeros before a number', () => observing(times('0', 1e6) + '1')],
  ['a number that is infinite', () => observing('{"_tag":"LowerLevelSolved","id":1e999}')],
  ['an id beyond all integers', () => observing('{"_tag":"LowerLevelSolved","id":9007199254740993}')],
  ['a key 10⁵ times', () => observing(`{${times('"id":1,', 60_000)}"id":1}`)],
  ['60,000 keys', () => observing(`{${Array.from({ length: 60_000 }, (_, i) => `"k${i}":1`).join()}}`)],
  ['packed vectors that would be 80 GB', () => packing(list('{"all":0,"length":65536}', 65_000))],
  [
    'a vector that is referred to 60,000 times',
    () => packing(`{"upperGradient":[{"vector":0,${numbers}},${list('{"vector":0}', 60_000)}]}`),
  ],
  ['as many packed numbers as any line may have', () => packing(list('{"all":0.5,"length":65536}', 16))],
  ['more packed numbers than any line may have', () => packing(list('{"all":0.5,"length":65536}', 63))],
  [
    'a packed vector of 4 million characters',
    () => packing(`{"upperGradient":{"vector":0,"float32":"${times('AAAA', 1e6)}"}}`),
  ],
  ['a packed vector without end', () => packing('{"upperGradient":{"all":0,"length":1e999}}')],
  ['a vector that is not there', () => packing('{"upperGradient":{"vector":1e9}}')],
  ['a key called __proto__', () => observing('{"__proto__":{"_tag":"CommandFailed","id":1}}')],
  ['a text of 4 million characters', () => observing(`"${times('x', limits.length - 200)}"`)],
  ['a text of 5 million characters', () => observing(`"${times('x', 5e6)}"`)],
  [
    '60,000 commands that are none',
    () => more(`{"step":6,"observation":null,"commands":${list(command, 60_000)}}`),
  ],
  ['a mark of byte order', () => `\uFEFF${good}`],
  ['lines that end as on Windows', () => good.replaceAll('\n', '\r\n')],
  ['zero bytes', () => `${good}${times('\0', 1e6)}\n`],
  ['zero bytes within', () => good.replace('"step":3', '"st\0p":3')],
  [
    'bytes that are no text',
    () => Buffer.concat([Buffer.from(good), Buffer.alloc(1e6, 0xff), Buffer.from('\n')]),
  ],
  ['an empty line', () => good.replace('\n', '\n\n')],
  ['a million empty lines', () => good + times('\n', 1e6)],
  ['nothing but a newline', () => '\n'],
  [
    'a header with a space of 60,000',
    () => headed(header.replace(/"space":\[/, `"space":[${times('{},', 60_000)}`)),
  ],
  [
    'a header with 60,000 versions',
    () =>
      headed(
        header.replace(
          '"versions":{',
          `"versions":{${Array.from({ length: 60_000 }, (_, i) => `"v${i}":1,`).join('')}`,
        ),
      ),
  ],
  [
    'a header of another version, 4 million long',
    () => headed(header.replace('"version":1', `"version":"${times('2', 4e6)}"`)),
  ],
  [
    'other numerics, and 60,000 commands that are none',
    () =>
      sealed([foreign, bodies[1]!.replace(/"commands":\[/, `"commands":[${times(`${command},`, 60_000)}`)]),
  ],
  [
    'other numerics, and an info that is nothing',
    () => sealed([foreign, `{"step":0,"observation":null,"commands":[],"info":${list('{}', 60_000)}}`]),
  ],
]

describe('a hostile log', () => {
  it.each(hostile)('with %s is refused', async (name, text) => {
    const path = join(folder, 'run.jsonl')
    writeFileSync(path, text())
    expect(await refused(name, ['replay', path])).toContain(`Line `)
  })

  const some = hostile.filter(([name]) =>
    /^(a list of 10⁶ lists|10⁵ objects|a text of 4|lists as deep|a header with)/.test(name),
  )
  it.each(some)('with %s is refused by resume and diff, too', async (name, text) => {
    const path = join(folder, 'run.jsonl')
    const other = join(folder, 'other.jsonl')
    writeFileSync(path, text())
    writeFileSync(other, good)
    await refused(`resume: ${name}`, ['resume', path])
    expect([1, 2]).toContain((await answered(`diff: ${name}`, ['diff', path, other])).code)
  })

  it.each([
    ['as its only line', ''],
    ['after good ones', good],
  ])('with a line of 1 GB %s is refused by its size, and not read', async (name, before) => {
    const path = join(folder, 'long.jsonl')
    writeFileSync(path, before)
    const file = openSync(path, 'r+')
    // Takes no room on the disk: all zero bytes.
    ftruncateSync(file, 1e9)
    closeSync(file)
    for (const args of [
      ['replay', path],
      ['resume', path],
      ['diff', path, path],
    ])
      expect(await refused(`1 GB ${name}`, args)).toContain(`is longer than ${limits.length} characters`)
  })

  it('whose summary is hostile is refused', async () => {
    const beside = join(folder, 'beside')
    mkdirSync(beside)
    copyFileSync(join(run, 'run.jsonl'), join(beside, 'run.jsonl'))
    const path = join(beside, 'summary.json')
    for (const text of [
      `{"rows":${deep(1e5)}}`,
      deep(1e5),
      `{"rows":${list('0', 1e6)}}`,
      '\0',
      times('9', 1e6),
    ]) {
      writeFileSync(path, text)
      expect(await refused('summary', ['replay', beside])).toContain('summary.json')
    }
    const file = openSync(path, 'r+')
    ftruncateSync(file, 1e9)
    closeSync(file)
    expect(await refused('summary of 1 GB', ['replay', beside])).toContain('is larger than')
  })

  it('that is a device or a folder is refused', async () => {
    for (const path of ['/dev/null', dirname(root)]) await refused(path, ['replay', path])
  })
})
