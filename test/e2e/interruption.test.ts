/**
 * A run that is interrupted at any record's boundary, or within the next record, and resumed: it ends with the same bytes.
 * All in this process; the tests of resume.test.ts kill real ones.
 */
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { methods } from '../../src/shell/record/Methods.js'
import { resume } from '../../src/shell/run/resume.js'
import { tune } from '../../src/shell/run/tune.js'
import { deep } from '../support/cases.js'
import { right } from '../support/recordedRun.js'
import { silent, tiny } from '../support/tinyRun.js'

const folder = mkdtempSync(join(tmpdir(), 'bilevel-interruption-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const whole = join(folder, 'whole')
/** The run's folder as it is when a record has been written: what a kill at that moment leaves. */
const after = (record: number): string => join(folder, `after-${record}`)
let records = 0

beforeAll(async () => {
  right(
    await tune({
      ...silent,
      methods,
      named: tiny,
      folder: whole,
      backend: 'wasm',
      onStep: () => cpSync(whole, after(records++), { recursive: true }),
    })(),
  )
})

const text = (run: string, name = 'run.jsonl'): string => readFileSync(join(run, name), 'utf8')
const files = (run: string): ReadonlyArray<string> => readdirSync(run, { recursive: true }).map(String).sort()

const expectWhole = (run: string, where: string): void => {
  expect(text(run) === text(whole), `run.jsonl, ${where}`).toBe(true)
  expect(text(run, 'summary.json'), where).toBe(text(whole, 'summary.json'))
  expect(files(run), where).toEqual(files(whole))
  for (const name of readdirSync(join(whole, 'weights'))) {
    const [found, expected] = [run, whole].map(of => readFileSync(join(of, 'weights', name)))
    expect(found!.equals(expected!), `${name}, ${where}`).toBe(true)
  }
}

const resumed = async (run: string, where: string): Promise<void> => {
  const result = await resume({ ...silent, methods, target: run, backend: null })()
  if (E.isLeft(result)) throw new Error(`${where}: ${result.left.message}`)
  expectWhole(run, where)
}

describe('a run that is interrupted', () => {
  it('at a record’s boundary ends as if it had not been', async () => {
    expect(records).toBe(text(whole).split('\n').length - 2)
    expect(records).toBeGreaterThan(15)
    // The test below resumes at all of them, one after the other.
    for (let record = 0; record < records; record += deep ? 1 : 3) {
      const run = join(folder, 'at-a-boundary')
      cpSync(after(record), run, { recursive: true })
      expect(text(run).split('\n').length - 2).toBe(record + 1)
      await resumed(run, `after record ${record}`)
      rmSync(run, { recursive: true })
    }
  })

  it('within a record ends as if it had not been', async () => {
    for (let record = 0; record < records - 1; record += deep ? 1 : 3) {
      const run = join(folder, 'within-a-record')
      cpSync(after(record), run, { recursive: true })
      const next = text(whole).split('\n')[record + 2]!
      // A different share of the next line each time, from its first byte to all but its newline.
      const share = Math.max(1, Math.round((next.length * record) / (records - 2)))
      appendFileSync(join(run, 'run.jsonl'), next.slice(0, share))
      await resumed(run, `within record ${record + 1}`)
      rmSync(run, { recursive: true })
    }
  })

  it('again and again, after each record, ends as if it had not been', async () => {
    const run = join(folder, 'again-and-again')
    cpSync(after(0), run, { recursive: true })
    for (let record = 1; record < records; record++) {
      let stop: () => void = () => undefined
      const signals = {
        on: (_: string, listener: () => void) => (stop = listener),
        off: () => undefined,
        exit: () => undefined,
      }
      // Stops behind the first record that it makes.
      const options = { ...silent, signals, methods, target: run, backend: null, onStep: () => stop() }
      const result = await resume(options)()
      expect(text(run)).toBe(text(whole).slice(0, text(run).length))
      if (E.isRight(result)) break
      expect(result.left._tag).toBe('Interrupted')
      expect(text(run).split('\n').length - 2).toBe(record + 1)
    }
    expectWhole(run, 'interrupted after each record')
  })
})
