import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { decode, Finite, listOf } from '../../../src/core/protocol/PlainCodec.js'

const Point = t.strict({ x: Finite, name: t.string })
const Points = listOf(Point, 'a list of points')

describe('a list', () => {
  it('is decoded and encoded as the list of io-ts is', () => {
    const theirs = t.readonlyArray(Point)
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ x: fc.oneof(fc.double(), fc.constant(null)), name: fc.string(), more: fc.nat() }),
        ),
        list => {
          const [ours, expected] = [Points.decode(list), theirs.decode(list)]
          expect(ours._tag).toBe(expected._tag)
          expect(Points.is(list)).toBe(theirs.is(list))
          if (E.isRight(ours) && E.isRight(expected)) {
            expect(ours.right).toEqual(expected.right)
            expect(Points.encode(ours.right)).toEqual(theirs.encode(expected.right))
          }
        },
      ),
    )
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
