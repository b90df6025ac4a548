/**
 * The codecs that every boundary shares, and how a failed decoding is said in a sentence.
 *
 * `t.number` of io-ts accepts NaN and ±Infinity, which JSON writes as `null`; nothing that crosses a boundary
 * here uses it.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { isLong, isPacked, pack, type Packed, unpack } from './PackedVector.js'

const refined = (name: string, accepts: (value: number) => boolean): t.Type<number> =>
  new t.Type<number>(
    name,
    (u): u is number => typeof u === 'number' && accepts(u),
    (u, context) => (typeof u === 'number' && accepts(u) ? t.success(u) : t.failure(u, context)),
    t.identity,
  )

/** A number that is neither NaN nor infinite. */
export const Finite = refined('a finite number', Number.isFinite)

/** A finite number greater than zero. */
export const Positive = refined('a finite number > 0', value => Number.isFinite(value) && value > 0)

/** A finite number that is zero or greater. */
export const NonNegative = refined('a finite number ≥ 0', value => Number.isFinite(value) && value >= 0)

/** A safe integer that is zero or greater. */
export const Natural = refined('an integer ≥ 0', value => Number.isSafeInteger(value) && value >= 0)

/** A safe integer that is one or greater. */
export const Count = refined('an integer ≥ 1', value => Number.isSafeInteger(value) && value >= 1)

/** A list of finite numbers that is always written out: what people write and read, such as a configuration. */
export const Numbers = t.readonlyArray(Finite, 'a list of finite numbers')

const isVector = (u: unknown): u is ReadonlyArray<number> => Array.isArray(u) && u.every(Number.isFinite)

/**
 * A vector of finite numbers, which may be packed (PackedVector.ts): it is encoded so where it is long, which is a fifth to
 * a half of the text. The encoded form loses no bit, −0 apart in a list that is not packed.
 */
export const Vector = new t.Type<ReadonlyArray<number>, ReadonlyArray<number> | Packed, unknown>(
  Numbers.name,
  isVector,
  (u, context) =>
    t.UnknownRecord.is(u) && isPacked(u)
      ? pipe(
          unpack(u),
          E.match(reason => t.failure(u, context, reason), t.success),
        )
      : // Thousands of numbers that are all right need no context of their own each.
        isVector(u)
        ? t.success(u)
        : Numbers.validate(u, context),
  vector => (isLong(vector) ? pack(vector) : vector),
)

/** `null`, or what `codec` accepts. */
export const nullable = <C extends t.Mixed>(codec: C): t.UnionC<[C, t.NullC]> => t.union([codec, t.null])

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  if (typeof value === 'number') return String(value)
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** The field a decoding error is about, as a reader writes it: `space[0].lower`. */
export const fieldOf = (context: t.Context): string =>
  context
    .slice(1)
    .map(entry => entry.key)
    // Members of unions and intersections appear in the context under their index, which no reader wrote.
    .filter((_, i) => {
      const parent = context[i]?.type
      return !(parent instanceof t.UnionType || parent instanceof t.IntersectionType)
    })
    .reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`), '')

/** One sentence for the deepest decoding error: the field, what it must be, what was found. */
export const explain = (errors: t.Errors): string => {
  const deepest = errors.reduce<t.ValidationError | undefined>(
    (best, error) => (best === undefined || error.context.length > best.context.length ? error : best),
    undefined,
  )
  if (deepest === undefined) return 'it could not be decoded'
  const expected = deepest.context[deepest.context.length - 1]?.type.name ?? 'something else'
  const field = fieldOf(deepest.context)
  const where = field === '' ? 'the value' : `field \`${field}\``
  return `${where} must be ${expected}, but is ${shown(deepest.value)}`
}

/** Decodes, or says in one sentence why not. */
export const decode =
  <A, O>(codec: t.Type<A, O>) =>
  (input: unknown): E.Either<string, A> =>
    pipe(codec.decode(input), E.mapLeft(explain))
