import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { decode, dictionaryOf, Finite, listOf } from '../../../src/core/codec/plainCodec.js'

const Point = t.strict({ x: Finite, name: t.string })
const Points = listOf(Point, 'a list of points')

/** An entry, valid or not. */
const entries = fc.record({
  x: fc.oneof({ weight: 4, arbitrary: fc.double() }, fc.constant(null)),
  name: fc.string(),
  more: fc.nat(),
})

/** Asserts that our codec decodes, recognises and encodes as that of io-ts does, and refuses the same inputs. */
const expectAlike = <A, O>(ours: t.Type<A, O>, theirs: t.Type<A, O>, inputs: fc.Arbitrary<unknown>): void =>
  fc.assert(
    fc.property(inputs, input => {
      const [found, expected] = [ours.decode(input), theirs.decode(input)]
      expect(found._tag).toBe(expected._tag)
      expect(ours.is(input)).toBe(theirs.is(input))
      if (E.isRight(found) && E.isRight(expected)) {
        expect(found.right).toEqual(expected.right)
        expect(ours.encode(found.right)).toEqual(theirs.encode(expected.right))
      }
    }),
  )

describe('a list', () => {
  it('is decoded and encoded as a list of io-ts', () => {
    expectAlike(Points, t.readonlyArray(Point), fc.array(entries))
  })

  it('can be walked through as a list of io-ts, so arbitraries can be derived from it', () => {
    const { type, _tag } = Points
    expect({ type, _tag }).toEqual({ type: Point, _tag: t.readonlyArray(Point)._tag })
  })

  it('stops at the first invalid entry, and names it', () => {
    const good = { x: 1, name: 'one' }
    const hostile = [good, { ...good, x: null }, ...Array.from({ length: 60_000 }, () => ({}))]
    const read = Points.decode(hostile)
    expect(E.isLeft(read) && read.left).toHaveLength(1)
    expect(decode(Points)(hostile)).toEqual(E.left('`[1].x` must be a finite number, but is null'))
    expect(decode(t.strict({ points: Points }))({ points: hostile })).toEqual(
      E.left('`points[1].x` must be a finite number, but is null'),
    )
    expect(decode(Points)({ 0: good })).toMatchObject(
      E.left(expect.stringContaining('must be a list of points')),
    )
  })
})

describe('an object of equal fields', () => {
  const Prices = dictionaryOf(Point, 'prices')

  it('is decoded and encoded as a record of io-ts', () => {
    // A record of io-ts loses this key: it sets a prototype.
    const keys = fc.string().filter(key => key !== '__proto__')
    expectAlike(Prices, t.record(t.string, Point), fc.dictionary(keys, entries))
  })

  it('keeps a key called __proto__ as a key', () => {
    const read = Prices.decode(JSON.parse('{"__proto__": {"x": 1, "name": "one"}}'))
    expect(E.isRight(read) && Object.entries(read.right)).toEqual([['__proto__', { x: 1, name: 'one' }]])
    expect(E.isRight(read) && Object.getPrototypeOf(read.right)).toBe(Object.prototype)
  })

  it('stops at the first invalid field, and names it', () => {
    const hostile = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`v${i}`, {}]))
    const read = Prices.decode(hostile)
    expect(E.isLeft(read) && read.left.every(({ context }) => context[1]?.key === 'v0')).toBe(true)
    expect(decode(Prices)(hostile)).toEqual(E.left('`v0.x` is missing; it must be a finite number'))
    expect(decode(Prices)([])).toMatchObject(E.left(expect.stringContaining('must be prices')))
  })
})
