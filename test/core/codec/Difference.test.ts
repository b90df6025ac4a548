import * as O from 'fp-ts/lib/Option.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstDifference, show } from '../../../src/core/codec/Difference.js'

const between = firstDifference('')

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('firstDifference', () => {
  it('finds none between a value and its JSON round trip', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(between(value, throughJson(value))).toEqual(O.none)
      }),
    )
  })

  it('finds one exactly if the JSON texts differ by more than the order of fields', () => {
    const sorted = (_: string, v: unknown): unknown =>
      typeof v === 'object' && v !== null && !Array.isArray(v)
        ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
        : v
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
        expect(O.isNone(between(a, b))).toBe(JSON.stringify(a, sorted) === JSON.stringify(b, sorted))
      }),
    )
  })

  it('names the first differing field, as a person writes its path', () => {
    const expected = { step: 3, commands: [{ lambda: [1, 2] }], info: { violation: 0.5 } }
    const found = { info: { violation: 0.6 }, step: 3, commands: [{ lambda: [1, 2.5] }] }
    expect(between(expected, found)).toEqual(
      O.some({ field: 'commands[0].lambda[1]', expected: '2', found: '2.5' }),
    )
  })

  it('names missing and additional fields and entries', () => {
    expect(between({ a: 1 }, {})).toEqual(O.some({ field: 'a', expected: '1', found: 'nothing' }))
    expect(between({}, { a: 1 })).toEqual(O.some({ field: 'a', expected: 'nothing', found: '1' }))
    expect(between([1], [1, null])).toEqual(O.some({ field: '[1]', expected: 'nothing', found: 'null' }))
  })

  it('treats −0 as 0 and an undefined field as absent, as JSON does', () => {
    expect(between({ a: -0, b: undefined }, { a: 0 })).toEqual(O.none)
  })

  it('does not descend if the shapes differ, however deep the found value is', () => {
    let deep: unknown = 1
    for (let i = 0; i < 1000; i++) deep = [deep]
    expect(O.isSome(between({ a: 1 }, { a: deep }))).toBe(true)
  })

  it('cuts long values', () => {
    expect(show('x'.repeat(500)).length).toBe(100)
  })
})
