import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { decode, dictionaryOf, Finite, listOf } from '../../../src/core/codec/plainCodec.js'

const Point = t.strict({ x: Finite, name: t.string })
const Points = listOf(Point, 'a list of points')

/** An entry, which may be none. */
const entries = fc.record({
  x: fc.oneof({ weight: 4, arbitrary: fc.double() }, fc.constant(null)),
  name: fc.string(),
  more: fc.nat(),
})

/** Decodes, recognises and encodes what io-ts' own does, and refuses what it refuses. */
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
  it('is decoded and encoded as the list of io-ts is', () => {
    expectAlike(Points, t.readonlyArray(Point), fc.array(entries))
  })

  it('can be walked through as the list of io-ts can: what makes values of a codec knows it', () => {
    const { type, _tag } = Points
    expect({ type, _tag }).toEqual({ type: Point, _tag: t.readonlyArray(Point)._tag })
  })

  it('ends at the first entry that is none, and says which', () => {
    const good = { x: 1, name: 'one' }
    const hostile = [good, { ...good, x: null }, ...Array.from({ length: 60_000 }, () => ({}))]
    const read = Points.decode(hostile)
    expect(E.isLeft(read) && read.left).toHaveLength(1)
    expect(decode(Points)(hostile)).toEqual(E.left('field `[1].x` must be a finite number, but is null'))
    expect(decode(t.strict({ points: Points }))({ points: hostile })).toEqual(
      E.left('field `points[1].x` must be a finite number, but is null'),
    )
    expect(decode(Points)({ 0: good })).toMatchObject(
      E.left(expect.stringContaining('must be a list of points')),
    )
  })
})

describe('an object of equal fields', () => {
  const Prices = dictionaryOf(Point, 'prices')

  it('is decoded and encoded as the record of io-ts is', () => {
    expectAlike(Prices, t.record(t.string, Point), fc.dictionary(fc.string(), entries))
  })

  it('ends at the first field that is none, and says which', () => {
    const hostile = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`v${i}`, {}]))
    const read = Prices.decode(hostile)
    expect(E.isLeft(read) && read.left.every(({ context }) => context[1]?.key === 'v0')).toBe(true)
    expect(decode(Prices)(hostile)).toEqual(E.left('field `v0.x` must be a finite number, but is nothing'))
    expect(decode(Prices)([])).toMatchObject(E.left(expect.stringContaining('must be prices')))
  })
})
