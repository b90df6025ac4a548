/** The kit itself: its reports, and its arbitraries. */
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { bilevel, Command, Observation } from '../../src/core/index.js'
import { catalogue, examine, fromCodec, Laws, type Law, Simulate } from '../../src/core/laws/index.js'
import { Info } from '../../src/core/protocol/Info.js'
import { cases } from '../support/cases.js'

const law = (name: string, holds: (n: number) => boolean | null): Law<number> => ({
  name,
  meaning: `${name}, in a sentence.`,
  source: 'this test',
  check: n => {
    const kept = holds(n)
    return kept === null ? E.right('silent') : kept ? E.right('tested') : E.left(`${n} does not`)
  },
})

const numbers = {
  subject: 'numbers',
  cases: fc.nat(1000),
  evidence: (n: number) => n,
  laws: [
    law('is a number', Number.isFinite),
    law('is below 700', n => n < 700),
    law('says nothing', () => null),
    law('throws from 900 on', n => {
      if (n >= 900) throw new RangeError('too large')
      return true
    }),
  ],
}

const tags = (report: ReturnType<typeof examine>): ReadonlyArray<string> =>
  report.findings.map(({ _tag }) => _tag)

describe('an examination', () => {
  it('finds broken laws, with the smallest counterexample, and lists untested ones', () => {
    const report = examine(numbers, { runs: 200 })
    expect(tags(report)).toEqual(['Kept', 'Broken', 'Untested', 'Broken'])
    const [, below, , throwing] = report.findings
    if (below?._tag !== 'Broken' || throwing?._tag !== 'Broken') throw new Error('both are broken')
    expect(below.counterexample).toMatchObject({ shown: '700', violation: '700 does not' })
    expect(throwing.counterexample).toMatchObject({
      shown: '900',
      violation: 'it threw RangeError: too large',
    })
    const { seed, path } = below.counterexample
    const again = examine(numbers, { runs: 1, seed, path, only: ['is below 700'] })
    expect(Laws.format(again)).toContain('counterexample: 700')
    expect(Laws.formatFaults(report)).toContain('is below 700, in a sentence.')
    expect(Laws.formatFaults(report)).not.toContain('is a number')
  })

  it('gives equal reports for equal options', () => {
    expect(examine(numbers, { runs: 150, seed: 3 })).toEqual(examine(numbers, { runs: 150, seed: 3 }))
  })

  it('lists declared exceptions; a needless declaration, or one of an unknown law, is a fault', () => {
    const because = 'for this test'
    const declared = [
      { law: 'is below 700', because },
      { law: 'throws from 900 on', because },
    ]
    const fine = examine(numbers, { runs: 200, except: declared })
    expect(tags(fine)).toEqual(['Kept', 'Declared', 'Untested', 'Declared'])
    expect(Laws.passed(fine)).toBe(true)
    expect(Laws.format(fine)).toContain('declared  is below 700: for this test')
    const wrong = examine(numbers, {
      runs: 200,
      except: [...declared, { law: 'is a number', because }, { law: 'is odd', because }],
    })
    expect(tags(wrong)).toEqual(['Needless', 'Declared', 'Untested', 'Declared', 'NoSuchLaw'])
    expect(() => Laws.assert(wrong)).toThrow('no law here has that name')
  })

  it('shows a violation that does not recur as it first occurred', () => {
    let calls = 0
    const once = law('fails once', () => ++calls !== 5)
    const report = examine({ ...numbers, laws: [once] }, { runs: 20 })
    const [finding] = report.findings
    expect(finding?._tag === 'Broken' && finding.counterexample.shrinks).toBe(0)
  })
})

describe('laws', () => {
  it('have a unique name within a family, a sentence, and a source', () => {
    for (const { laws } of catalogue) {
      expect(new Set(laws.map(({ name }) => name)).size).toBe(laws.length)
      for (const { meaning, source } of laws) {
        expect(meaning).toMatch(/^\S.*[.)]$/)
        expect(source).not.toBe('')
      }
    }
  })
})

const isDate = (u: unknown): u is Date => u instanceof Date

describe('arbitraries from codecs', () => {
  const accepted = <A>(codec: t.Type<A, unknown>, numRuns = 50): void =>
    it(`${codec.name} accepts generated values, and their JSON round trip`, () => {
      const found = fromCodec(codec)
      if (E.isLeft(found)) throw new Error(found.left)
      fc.assert(
        fc.property(found.right, value => {
          expect(codec.is(value)).toBe(true)
          expect(codec.decode(JSON.parse(JSON.stringify(value)))._tag).toBe('Right')
        }),
        cases(numRuns),
      )
    })

  accepted(Command.Command)
  accepted(Observation.Observation)
  accepted(Info)
  accepted(bilevel.config)
  // A state has many parts, so few cases take long.
  accepted(bilevel.state, 8)

  it('accepts overrides by path and by name, and names a codec that it cannot walk', () => {
    const codec = t.strict({ a: t.array(t.strict({ b: t.string })), c: t.string })
    const fixed = fromCodec(codec, {
      fields: { 'a[].b': fc.constant('here') },
      names: { string: fc.constant('there') },
    })
    if (E.isLeft(fixed)) throw new Error(fixed.left)
    for (const { a, c } of fc.sample(fixed.right, cases(20))) {
      expect(c).toBe('there')
      expect(a.every(({ b }) => b === 'here')).toBe(true)
    }
    const opaque = new t.Type<Date, unknown>(
      'a date',
      isDate,
      (u, context) => (isDate(u) ? t.success(u) : t.failure(u, context)),
      t.identity,
    )
    expect(fromCodec(t.strict({ when: opaque }))).toEqual(
      E.left(expect.stringContaining('The codec "a date" of the field `when`')),
    )
  })
})

describe('simulated worlds', () => {
  it('answer a question the same way whenever it is asked', () => {
    fc.assert(
      fc.property(Simulate.problems(), Simulate.hostilities, ({ world, space }, hostility) => {
        const hostile = Simulate.hostile(hostility)(world)
        const solve = (id: number): Command.Question => ({
          _tag: 'SolveLowerLevel',
          id,
          lambda: space.map(({ lower, upper }) => (lower + upper) / 2),
          from: Command.initialWeights,
          tolerance: 1e-6,
          maxEpochs: 10,
        })
        const [first, after] = hostile.answer(solve(1))
        const [second] = after.answer(solve(2))
        const [alone] = hostile.answer(solve(2))
        expect(second).toEqual(alone)
        if (hostility.fractionalEffort) expect('effort' in alone && alone.effort % 1).not.toBe(0)
        expect(hostile.answer(solve(1))[0]).toEqual(first)
      }),
      cases(50),
    )
  })
})
