/**
 * Long vectors in the text of a log: each is written once, with a number, and later places refer to that number.
 *
 * An outer iteration of the bilevel method names its λ six times and has five gradients by it, some of them all zeros.
 * A vector that does not repeat one number is written as `{ "vector": 17, "float32": "…" }`, where 17 is the count of
 * such vectors before it in the log. A later occurrence is written as `{ "vector": 17 }` while the vector is among the
 * latest {@link remembered}. Writer and reader walk through a line in the same order, so both know the same vectors at
 * every place.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { show } from '../codec/Difference.js'
import { claimed, isLong, isPacked, pack, unpack, type Fields } from '../codec/packedVector.js'

type Vec = ReadonlyArray<number>

/**
 * How many vectors can be referred to. This reaches back far enough for the λ of an outer iteration and of a design.
 */
export const remembered = 32

/** The vectors that a place in a log may refer to. */
export interface Known {
  /** Vectors written so far. */
  readonly count: number
  /** The latest of them, oldest first. */
  readonly latest: ReadonlyArray<Vec>
}

/** The state at the start of a log. */
export const nothingKnown: Known = { count: 0, latest: [] }

const withOne = ({ count, latest }: Known, vector: Vec): Known => ({
  count: count + 1,
  latest: [...latest, vector].slice(-remembered),
})

/** Vectors are the same only if all bits are: −0 is not 0. */
const same = (a: Vec, b: Vec): boolean =>
  a === b || (a.length === b.length && a.every((x, k) => Object.is(x, b[k])))

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value after packing or unpacking, and the vectors known after it. */
export interface Walked {
  readonly value: unknown
  readonly known: Known
}

/** A JSON value with its long vectors packed. */
export const packAll =
  (before: Known) =>
  (value: unknown): Walked => {
    let known = before
    const vector = (long: Vec): unknown => {
      const back = known.latest.findLastIndex(other => same(other, long))
      if (back >= 0) return { vector: known.count - known.latest.length + back }
      const packed = pack(long)
      if ('all' in packed) return packed
      const numbered = { vector: known.count, ...packed }
      known = withOne(known, long)
      return numbered
    }
    const walk = (inner: unknown): unknown => {
      if (isLong(inner)) return vector(inner)
      if (Array.isArray(inner)) return inner.map(walk)
      return isFields(inner)
        ? Object.fromEntries(Object.entries(inner).map(([key, entry]) => [key, walk(entry)]))
        : inner
    }
    return { value: walk(value), known }
  }

/**
 * The inverse of {@link packAll}, for a value with at most `most` numbers in all its packed vectors. All references to
 * one vector share one list. Left: a clause about the text.
 */
export const unpackAll =
  (before: Known, most: number) =>
  (value: unknown): E.Either<string, Walked> => {
    let known = before
    let left = most
    const taken = (vector: E.Either<string, Vec>): E.Either<string, Vec> =>
      pipe(
        vector,
        E.filterOrElse(
          ({ length }) => (left -= length) >= 0,
          () => `holds more than ${most} numbers`,
        ),
      )
    const referred = (which: unknown): E.Either<string, Vec> => {
      const { count, latest } = known
      const vector = typeof which === 'number' ? latest[which - count + latest.length] : undefined
      return vector === undefined
        ? E.left(`refers to vector ${show(which)}, which is not among the ${latest.length} before it`)
        : taken(E.right(vector))
    }
    const vectorOf = (fields: Fields): E.Either<string, Vec> => {
      const { vector: which, ...packed } = fields
      if (!isPacked(packed)) return referred(which)
      if (claimed(packed) > left) return E.left(`holds more than ${most} numbers`)
      if (which !== undefined && which !== known.count)
        return E.left(`holds a vector with the number ${show(which)} where ${known.count} is next`)
      return pipe(
        unpack(packed),
        taken,
        E.map(vector => {
          if (which !== undefined) known = withOne(known, vector)
          return vector
        }),
      )
    }
    /** The first fault ends the walk. */
    const faults: Array<string> = []
    const walk = (inner: unknown): unknown => {
      if (faults.length > 0) return null
      if (Array.isArray(inner))
        return inner.length > 0 && typeof inner[0] === 'number' ? inner : inner.map(walk)
      if (!isFields(inner)) return inner
      if (!isPacked(inner) && !('vector' in inner))
        return Object.fromEntries(Object.entries(inner).map(([key, entry]) => [key, walk(entry)]))
      const vector = vectorOf(inner)
      if (E.isRight(vector)) return vector.right
      faults.push(vector.left)
      return null
    }
    const unpacked = walk(value)
    const [fault] = faults
    return fault === undefined ? E.right({ value: unpacked, known }) : E.left(fault)
  }
