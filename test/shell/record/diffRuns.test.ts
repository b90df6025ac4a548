import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as O from 'fp-ts/lib/Option.js'
import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { describe, expect, it } from 'vitest'
import { encodeHeader } from '../../../src/core/log/RunLog.js'
import { diffRuns, equal, statement } from '../../../src/shell/record/diffRuns.js'
import { create } from '../../../src/shell/record/logFile.js'
import { headerOf, left, record, right, withFolder } from '../../support/recordedRun.js'

const pathIn = (folder: string): string => join(folder, 'run.jsonl')

const withTwo = (use: (a: string, b: string) => Promise<void>): Promise<void> =>
  withFolder(a => withFolder(b => use(a, b)))

/** A log of these record bodies. */
const written = async (folder: string, bodies: ReadonlyArray<string>): Promise<void> => {
  const log = right(await create(pathIn(folder))(headerOf('none', {}))())
  for (const body of bodies) right(await log.append(body)())
  log.close()
}

describe('the difference of two runs', () => {
  it('is empty if they are equal', () =>
    withTwo(async (a, b) => {
      await record(a)
      await record(b)
      const compared = right(diffRuns(a, pathIn(b)))
      expect(equal(compared)).toBe(true)
      expect(compared.lines).toBe(19)
      expect(statement(compared)).toContain('are equal: 19 lines')
    }))

  it('is the first different field of the header, and of the first different record', () =>
    withTwo(async (a, b) => {
      await record(a)
      await record(b, { seed: 8 })
      const compared = right(diffRuns(a, b))
      expect(equal(compared)).toBe(false)
      expect(compared.header).toEqual(O.some({ line: 1, field: 'config.seed', expected: '7', found: '8' }))
      expect(compared.records).toMatchObject({ value: { line: 2, field: 'commands[0].lambda[0]' } })
      const text = statement(compared)
      expect(text).toContain('Line 1, the header, field `config.seed`:')
      expect(text).toContain('Line 2, step 0, field `commands[0].lambda[0]`:')
      expect(text).toContain(`  ${pathIn(b)}: 8`)
    }))

  it('is found at any place, and is the same in both directions', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ a: fc.integer(), b: fc.array(fc.integer(), { maxLength: 3 }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.nat(),
        (values, seed) =>
          withTwo(async (a, b) => {
            const bodies = values.map((value, step) => JSON.stringify({ step, ...value }))
            const which = seed % values.length
            const other = bodies.map((body, step) =>
              step === which ? JSON.stringify({ step, ...values[step], a: values[step]!.a + 1 }) : body,
            )
            await written(a, bodies)
            await written(b, other)
            const [one, two] = [right(diffRuns(a, b)), right(diffRuns(b, a))]
            const [mine, yours] = [String(values[which]!.a), String(values[which]!.a + 1)]
            expect(one.header).toEqual(O.none)
            expect(one.records).toEqual(O.some({ line: which + 2, field: 'a', expected: mine, found: yours }))
            expect(two.records).toEqual(O.some({ line: which + 2, field: 'a', expected: yours, found: mine }))
          }),
      ),
      cases(40),
    ))

  it('is at the end of the shorter one', () =>
    withTwo(async (a, b) => {
      await record(a)
      const text = readFileSync(pathIn(a), 'utf8')
      writeFileSync(pathIn(b), `${text.split('\n').slice(0, 6).join('\n')}\n`)
      const compared = right(diffRuns(a, b))
      expect(compared.header).toEqual(O.none)
      expect(compared.records).toEqual(
        O.some({ line: 7, field: 'step', expected: 'step 5', found: 'no line, the log ends after 6' }),
      )
      expect(compared.notices).toEqual([])
      writeFileSync(pathIn(b), text.slice(0, -20))
      const torn = right(diffRuns(a, b))
      expect(torn.records).toMatchObject({ value: { line: 19 } })
      expect(torn.notices.join()).toContain('Line 19 of')
    }))

  it('is refused for a log that cannot be read or was changed', () =>
    withTwo(async (a, b) => {
      await record(a)
      const text = readFileSync(pathIn(a), 'utf8')
      const broken: Readonly<Record<string, string>> = {
        'is empty': '',
        'no complete header': encodeHeader(headerOf('none', {})),
        'Line 3 of': text.replace('"step":1,', '"step":9,'),
        'Line 4 of': text
          .split('\n')
          .map((line, i) => (i === 3 ? 'damage' : line))
          .join('\n'),
        'field `version`': text.replace('"version":1', '"version":3'),
      }
      for (const [phrase, content] of Object.entries(broken)) {
        writeFileSync(pathIn(b), content)
        for (const result of [diffRuns(a, b), diffRuns(b, a)]) {
          const error = left(result)
          expect(error._tag).toBe('BadInput')
          expect(error.message).toContain(phrase)
        }
      }
      expect(left(diffRuns(a, join(b, 'nowhere')))._tag).toBe('Environment')
    }))
})
