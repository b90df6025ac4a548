/**
 * Codecs of numbers, lists and objects with equal fields, and one sentence for a failed decoding. This part of Codec.ts
 * needs no packed vectors, so a module that decodes none need not load their code.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { hasTag } from './codecTag.js'

const refined = (name: string, accepts: (value: number) => boolean): t.Type<number> =>
  new t.Type<number>(
    name,
    (u): u is number => typeof u === 'number' && accepts(u),
    (u, context) => (typeof u === 'number' && accepts(u) ? t.success(u) : t.failure(u, context)),
    t.identity,
  )

/**
 * A number that is neither NaN nor infinite.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.Finite)(-0.5) // => right(-0.5)
 * Codec.decode(Codec.Finite)(Infinity) // => left('the value must be a finite number, but is Infinity')
 * ```
 */
export const Finite = refined('a finite number', Number.isFinite)

/**
 * A finite number greater than zero.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.Positive)(1e-9) // => right(1e-9)
 * Codec.decode(Codec.Positive)(0) // => left('the value must be a finite number > 0, but is 0')
 * ```
 */
export const Positive = refined('a finite number > 0', value => Number.isFinite(value) && value > 0)

/**
 * A finite number that is zero or greater.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.NonNegative)(0) // => right(0)
 * Codec.decode(Codec.NonNegative)(-1) // => left('the value must be a finite number ≥ 0, but is -1')
 * ```
 */
export const NonNegative = refined('a finite number ≥ 0', value => Number.isFinite(value) && value >= 0)

/**
 * A safe integer that is zero or greater.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.Natural)(0) // => right(0)
 * Codec.decode(Codec.Natural)(1.5) // => left('the value must be an integer ≥ 0, but is 1.5')
 * ```
 */
export const Natural = refined('an integer ≥ 0', value => Number.isSafeInteger(value) && value >= 0)

/**
 * A safe integer that is one or greater.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.Count)(1) // => right(1)
 * Codec.decode(Codec.Count)(0) // => left('the value must be an integer ≥ 1, but is 0')
 * ```
 */
export const Count = refined('an integer ≥ 1', value => Number.isSafeInteger(value) && value >= 1)

/** Decodes each entry under its key, up to the first invalid one. */
const decodedEntries = <A, O>(
  codec: t.Type<A, O>,
  entries: Iterable<readonly [key: number | string, entry: unknown]>,
  context: t.Context,
): t.Validation<ReadonlyArray<readonly [key: string, entry: A]>> => {
  const decoded: Array<readonly [string, A]> = []
  for (const [key, entry] of entries) {
    const each = codec.validate(entry, t.appendContext(context, String(key), codec, entry))
    if (E.isLeft(each)) return each
    decoded.push([String(key), each.right])
  }
  return t.success(decoded)
}

/**
 * A list of entries that `codec` accepts. Decoding stops at the first invalid entry, so a hostile list does not produce
 * one error per entry. Code that walks codecs sees a `t.readonlyArray`.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * const counts = Codec.listOf(Codec.Count, 'a list of counts')
 * Codec.decode(counts)([3, 0, -1]) // => left('field `[1]` must be an integer ≥ 1, but is 0')
 * Codec.decode(counts)('3') // => left('the value must be a list of counts, but is "3"')
 * ```
 */
export const listOf = <A, O>(
  codec: t.Type<A, O>,
  name: string,
): t.ReadonlyArrayType<t.Type<A, O>, ReadonlyArray<A>, ReadonlyArray<O>> =>
  new t.ReadonlyArrayType<t.Type<A, O>, ReadonlyArray<A>, ReadonlyArray<O>>(
    name,
    (u): u is ReadonlyArray<A> => Array.isArray(u) && u.every(codec.is),
    (u, context) =>
      Array.isArray(u)
        ? pipe(
            decodedEntries(codec, u.entries(), context),
            E.map(entries => entries.map(([, entry]) => entry)),
          )
        : t.failure(u, context),
    list => list.map(codec.encode),
    codec,
  )

/**
 * An object whose fields `codec` accepts. Decoding stops at the first invalid field, as in {@link listOf}.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * const counts = Codec.dictionaryOf(Codec.Count, 'an object of counts')
 * Codec.decode(counts)({ apples: 3, pears: 0 }) // => left('field `pears` must be an integer ≥ 1, but is 0')
 * ```
 */
export const dictionaryOf = <A, O>(
  codec: t.Type<A, O>,
  name: string,
): t.DictionaryType<t.StringC, t.Type<A, O>, Readonly<Record<string, A>>, Readonly<Record<string, O>>> =>
  new t.DictionaryType<t.StringC, t.Type<A, O>, Readonly<Record<string, A>>, Readonly<Record<string, O>>>(
    name,
    (u): u is Readonly<Record<string, A>> => t.UnknownRecord.is(u) && Object.values(u).every(codec.is),
    (u, context) =>
      t.UnknownRecord.is(u)
        ? pipe(decodedEntries(codec, Object.entries(u), context), E.map(Object.fromEntries<A>))
        : t.failure(u, context),
    fields => Object.fromEntries(Object.entries(fields).map(([key, entry]) => [key, codec.encode(entry)])),
    t.string,
    codec,
  )

/**
 * `null`, or what `codec` accepts.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.nullable(Codec.Count))(null) // => right(null)
 * ```
 */
export const nullable = <C extends t.Mixed>(codec: C): t.UnionC<[C, t.NullC]> => t.union([codec, t.null])

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  if (typeof value === 'number') return String(value)
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/**
 * The field that a decoding error is about, as a person writes it: `space[0].lower`.
 *
 * @example
 * ```ts
 * import { isLeft } from 'fp-ts/lib/Either.js'
 * import { Codec, SearchSpace } from 'bilevel-hpo'
 *
 * const bad = SearchSpace.SearchSpace.decode([{ name: 'a', lower: 'low', upper: 1, scale: 'log' }])
 * const fields = isLeft(bad) ? bad.left.map(({ context }) => Codec.fieldOf(context)) : []
 * fields // => ['[0].lower']
 * ```
 */
export const fieldOf = (context: t.Context): string =>
  context
    .slice(1)
    .map(entry => entry.key)
    // Members of unions and intersections appear in the context under their index, which is not part of the input.
    .filter((_, i) => !hasTag('UnionType', 'IntersectionType')(context[i]?.type))
    .reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`), '')

/**
 * One sentence for the deepest decoding error: the field, what it must be, and what was found.
 *
 * @example
 * ```ts
 * import { isLeft } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * const bad = Codec.Count.decode('three')
 * const sentence = isLeft(bad) ? Codec.explain(bad.left) : ''
 * sentence // => 'the value must be an integer ≥ 1, but is "three"'
 * ```
 */
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

/**
 * Decodes, or returns one sentence that says why it failed.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { decode, SearchSpace } from 'bilevel-hpo'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * decode(SearchSpace.SearchSpace)(space) // => right(space)
 * decode(SearchSpace.SearchSpace)([{ name: 'l2' }]) // => left('field `[0].lower` must be a finite number, but is nothing')
 * ```
 */
export const decode =
  <A, O>(codec: t.Type<A, O>) =>
  (input: unknown): E.Either<string, A> =>
    pipe(codec.decode(input), E.mapLeft(explain))
