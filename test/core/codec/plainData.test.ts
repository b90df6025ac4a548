import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainData } from '../../../src/core/codec/plainData.js'
import { shown } from '../../../src/core/codec/shown.js'
import { Codec, decode, SearchSpace } from '../../../src/core/index.js'
import { cases } from '../../support/cases.js'

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
})

const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('plainData', () => {
  it('copies JSON as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(plainData(value)).toEqual(E.right(value))
      }),
      cases(1000, 'quick'),
    )
  })

  it('reads a field once', () => {
    let reads = 0
    const given = {
      get id(): number {
        return ++reads
      },
    }
    expect(plainData(given)).toEqual(E.right({ id: 1 }))
    expect(reads).toBe(1)
  })

  it('takes no inherited field, and keeps one called __proto__ as a field', () => {
    expect(plainData(Object.create({ id: 1 }))).toEqual(E.right({}))
    const copied = plainData(JSON.parse('{"__proto__": {"id": 1}}'))
    expect(E.isRight(copied) && JSON.stringify(copied.right)).toBe('{"__proto__":{"id":1}}')
  })

  it('refuses what has no end, what is too large and what cannot be read', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(plainData(circle)).toEqual(E.left('nests more than 32 objects and lists'))
    expect(plainData(Array.from({ length: 2 ** 20 + 1 }, () => 0))).toEqual(
      E.left('holds more than 1048576 values'),
    )
    // Two lists that hold the next two, 30 deep: a billion values in 60 lists.
    let wide: unknown = 0
    for (let i = 0; i < 30; i++) wide = [wide, wide]
    expect(plainData(wide)).toEqual(E.left('holds more than 131072 objects and lists'))
    expect(E.isLeft(plainData(revoked()))).toBe(true)
  })
})

describe('a value in a message', () => {
  it('is its JSON text, if that is short', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), value => {
        const text = JSON.stringify(value)
        expect(shown(value, 200)).toBe(text.length > 200 ? `${text.slice(0, 199)}…` : text)
      }),
      cases(1000, 'quick'),
    )
  })

  it('is a short text for anything', () => {
    fc.assert(
      fc.property(anything, value => {
        expect(shown(value, 60).length).toBeLessThanOrEqual(60)
      }),
      cases(1000, 'quick'),
    )
    expect(shown(revoked(), 60)).toBe('a value that cannot be read')
    expect(shown({ big: 1n, not: NaN }, 60)).toBe('{"big":1n,"not":NaN}')
  })
})

describe('decode', () => {
  it('gives a value or a sentence for anything', () => {
    const decoders: ReadonlyArray<(value: unknown) => E.Either<string, unknown>> = [
      decode(SearchSpace.SearchSpace),
      decode(Codec.Vector),
      decode(Codec.nullable(Codec.Count)),
    ]
    fc.assert(
      fc.property(anything, fc.constantFrom(...decoders), (value, decoded) => {
        const found = decoded(value)
        expect(E.isRight(found) || found.left.length < 1000).toBe(true)
      }),
      cases(1000, 'quick'),
    )
    expect(decode(Codec.Count)(1n)).toEqual(E.left('the value must be an integer ≥ 1, but is 1n'))
    expect(E.isLeft(decode(SearchSpace.Hyperparameter)(revoked()))).toBe(true)
  })
})
