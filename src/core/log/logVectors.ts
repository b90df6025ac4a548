/**
 * Long vectors within the text of a log: each is written once, with a number, and referred to afterwards.
 *
 * An outer iteration of the bilevel method names its λ six times and has five gradients by it, of which some are all
 * zeros. A vector that is not the same number throughout is written as
 * `{ "vector": 17, "float32": "…" }`, 17 being how many such vectors came before it in the log, and as `{ "vector": 17 }`
 * where it comes again while it is one of the latest {@link remembered}. Writing and reading walk through a line in the
 * same order, so both know the same vectors at every place.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { show } from '../codec/Difference.js'
import { claimed, isLong, isPacked, pack, unpack, type Fields } from '../codec/packedVector.js'

type Vec = ReadonlyArray<number>

/** How many vectors may be referred to. The λ of an outer iteration is never further back, nor those of a design. */
export const remembered = 32

/** What a place in a log may refer to. */
export interface Known {
  /** Vectors that were written so far. */
  readonly count: number
  /** The latest of them, the most recent last. */
  readonly latest: ReadonlyArray<Vec>
}

/** At the start of a log. */
export const nothingKnown: Known = { count: 0, latest: [] }

const withOne = ({ count, latest }: Known, vector: Vec): Known => ({
  count: count + 1,
  latest: [...latest, vector].slice(-remembered),
})

/** A number of bits apart is another vector: −0 is not 0. */
const same = (a: Vec, b: Vec): boolean =>
  a === b || (a.length === b.length && a.every((x, k) => Object.is(x, b[k])))

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What became of a value, and what is known after it. */
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
 * The inverse of {@link packAll}, of a value with at most `most` numbers in packed vectors, all of them together. What is
 * referred to is the same list each time. Left: a clause about the text.
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
        ? E.left(`refers to vector ${show(which)}, which is none of the ${latest.length} before it`)
        : taken(E.right(vector))
    }
    const vectorOf = (fields: Fields): E.Either<string, Vec> => {
      const { vector: which, ...packed } = fields
      if (!isPacked(packed)) return referred(which)
      if (claimed(packed) > left) return E.left(`holds more than ${most} numbers`)
      if (which !== undefined && which !== known.count)
        return E.left(`holds a vector with the number ${show(which)} where ${known.count} comes next`)
      return pipe(
        unpack(packed),
        taken,
        E.map(vector => {
          if (which !== undefined) known = withOne(known, vector)
          return vector
        }),
      )
    }
    /** The first thing that is wrong ends the walk. */
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
