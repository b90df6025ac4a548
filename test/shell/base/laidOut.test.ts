import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { laidOut } from '../../../src/shell/base/laidOut.js'

const long = fc.array(fc.oneof(fc.integer(), fc.string()), { minLength: 65, maxLength: 80 })

describe('laidOut', () => {
  it('returns equivalent JSON for any value', () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.jsonValue(), fc.record({ long, twice: fc.tuple(long, long) }))),
        value => {
          expect(JSON.parse(laidOut(value, 2))).toEqual(JSON.parse(JSON.stringify(value)))
        },
      ),
    ))

  it('equals JSON.stringify if no list is long', () =>
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(laidOut(value, 1)).toBe(JSON.stringify(value, null, 1))
      }),
    ))

  it('puts a long list on one line', () => {
    const list = Array.from({ length: 65 }, (_, i) => i)
    expect(laidOut({ a: list, b: list.slice(1) }, 1).split('\n')).toHaveLength(1 + 1 + 1 + 64 + 1 + 1)
    expect(laidOut({ a: ['{"\\u0000": 0}', '\0'], list }, 1)).toContain('"list": [0,1,2,')
  })
})
