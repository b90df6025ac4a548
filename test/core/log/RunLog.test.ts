import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseObject } from '../../../src/core/codec/boundedJson.js'
import { limits, parse, seal, unseal } from '../../../src/core/log/RunLog.js'

const digest = '0123456789abcdef'

describe('a sealed line', () => {
  it('unseals to the original', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fields => {
        const body = JSON.stringify(fields)
        expect(unseal(seal(body, digest))).toEqual(O.some({ body, digest }))
      }),
    )
  })

  it('may hold line separators other than newlines', () => {
    const body = JSON.stringify({ reason: 'a\u2028b\u2029c' })
    expect(unseal(seal(body, digest))).toEqual(O.some({ body, digest }))
  })

  it('is JSON with the digest as its last field', () => {
    expect(JSON.parse(seal('{"step":1}', digest))).toEqual({ step: 1, digest })
  })

  it('does not unseal without a digest of 16 hexadecimal digits at its end', () => {
    for (const line of [
      '',
      '{}',
      '{"step":1}',
      `{"step":1,"digest":"${digest}0"}`,
      `${seal('{"a":1}', digest)} `,
    ])
      expect(unseal(line)).toEqual(O.none)
  })
})

describe('parse', () => {
  it('reads a number whose first digit was changed to 0, and reads the rest of the line as before', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 10, max: 99 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (text, n, x) => {
          const body = JSON.stringify({ text, n, negative: -n, x, list: [n, '05', -0.05, 1e-7, 1e21, 100] })
          const tail = n % 10
          const damaged = body
            .replace(`"n":${n}`, `"n":0${tail}`)
            .replace(`"negative":-${n}`, `"negative":-0${tail}`)
          expect(parse(damaged)).toEqual(
            E.right({ ...(JSON.parse(body) as object), n: tail, negative: tail === 0 ? -0 : -tail }),
          )
        },
      ),
    )
  })

  // In time that grows with the square of the length, each would take hours: the test's timeout would end it.
  it('refuses long text that cannot be read', () => {
    for (const body of [
      '{"a":"' + '\\"'.repeat(1_500_000),
      '{"a":' + '0'.repeat(3_000_000),
      '{' + '-'.repeat(3e6),
    ])
      expect(E.isLeft(parse(body))).toBe(true)
  })

  it('refuses anything but an object', () => {
    for (const body of ['', '1', '[]', 'null', '{"a":', '{"a":NaN}', '{"a":1}}'])
      expect(E.isLeft(parse(body))).toBe(true)
  })

  it('refuses deep nesting and long lists, by their limits', () => {
    const deep = `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`
    const long = `{"a":[${'0,'.repeat(1_000_000)}0]}`
    expect(parse(deep)).toEqual(E.left(`nests more than ${limits.depth} objects and lists`))
    expect(parse(long)).toEqual(E.left(`holds a list of more than ${limits.entries} entries`))
    expect(parse(' '.repeat(limits.length + 1))).toEqual(E.left(`is longer than ${limits.length} characters`))
  })
})

describe('parseObject', () => {
  it('equals JSON.parse on objects within its limits', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fields => {
        const text = JSON.stringify(fields)
        expect(parseObject(limits)(text)).toEqual(E.right(JSON.parse(text)))
      }),
    )
  })

  it('counts the entries of the value, whatever its strings hold', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
    const entriesOf = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? Math.max(Object.keys(value).length, ...Object.values(value).map(entriesOf))
        : 0
    const awkward = fc.string({ unit: fc.constantFrom('"', '\\', '[', '}', ',', '{', 'a') })
    const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        awkward,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(awkward, tie('tree'), { maxKeys: 3 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(awkward, tree, { minKeys: 1 }), fields => {
        const text = JSON.stringify(fields)
        const exact = { length: text.length, depth: depthOf(fields), entries: entriesOf(fields) }
        expect(parseObject(exact)(text)).toEqual(E.right(fields))
        expect(E.isLeft(parseObject({ ...exact, depth: exact.depth - 1 })(text))).toBe(true)
        if (exact.entries > 1)
          expect(E.isLeft(parseObject({ ...exact, entries: exact.entries - 1 })(text))).toBe(true)
      }),
    )
  })

  it('counts depth outside of strings only', () => {
    const bounded = parseObject({ length: 100, depth: 2, entries: 10 })
    expect(E.isRight(bounded('{"[[[[":["]]\\"[[["]}'))).toBe(true)
    expect(E.isLeft(bounded('{"a":[[]]}'))).toBe(true)
  })
})
