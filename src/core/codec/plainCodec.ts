/**
 * Codecs of numbers, lists and objects with equal fields, and one sentence for a failed decoding. This part of Codec.ts
 * needs no packed vectors, so a module that decodes none need not load their code.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { hasTag, isCodec } from './codecTag.js'
import { shown } from './shown.js'
import { element, isObject, members, props, unwrapped } from './structure.js'
import { thrown } from './thrown.js'
import { didYouMean } from './unknownField.js'

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
 * A share of something that is not empty: a number greater than 0 and at most 1.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.Share)(1) // => right(1)
 * Codec.decode(Codec.Share)(1.5) // => left('the value must be a number in (0, 1], but is 1.5')
 * ```
 */
export const Share = refined('a number in (0, 1]', value => value > 0 && value <= 1)

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
 * Codec.decode(counts)([3, 0, -1]) // => left('`[1]` must be an integer ≥ 1, but is 0')
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
 * Codec.decode(counts)({ apples: 3, pears: 0 }) // => left('`pears` must be an integer ≥ 1, but is 0')
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

const found = (value: unknown): string => shown(value, 60, 57)

/**
 * Whether a step of a context leads into a member of a union or an intersection. Such a step is not part of the input:
 * its value is that of the previous step, which is impossible for a field. io-ts omits the value if a tag selected the
 * member.
 */
const isMember = ({ key, actual }: t.ContextEntry, parent: t.ContextEntry | undefined): boolean =>
  parent !== undefined &&
  (Object.is(actual, parent.actual) ||
    (actual === undefined &&
      /^\d+$/.test(key) &&
      isCodec(parent.type) &&
      hasTag('UnionType')(unwrapped(parent.type))))

/** A context without the steps into unions and intersections. An error of a member becomes one of its union. */
const written = (context: t.Context): t.Context =>
  context.reduce<ReadonlyArray<t.ContextEntry>>((steps, entry, i) => {
    if (!isMember(entry, context[i - 1])) return [...steps, entry]
    const owner = steps[steps.length - 1]!
    return i === context.length - 1 ? steps : [...steps.slice(0, -1), { ...owner, type: entry.type }]
  }, [])

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
export const fieldOf = (context: t.Context): string => {
  const steps = written(context)
  return steps.slice(1).reduce((path, { key }, i) => {
    const isEntry = /^\d+$/.test(key) && !isObject(steps[i]?.actual)
    return isEntry ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
  }, '')
}

const plainNames: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'true or false',
  number: 'a number',
  UnknownRecord: 'an object',
}

/** The most fields that a message lists; more would make it unreadable. */
const mostListed = 12

/** Describes the values of a codec to a person. A codec without a readable name is described by its structure. */
const expected = (codec: t.Mixed): string => {
  const plain = plainNames[codec.name]
  if (plain !== undefined) return plain
  // A single capitalised word, or a name generated by io-ts, is not meant for users.
  if (!/^([A-Z]\w*$|[{(]|Partial<|Readonly<|Exact<|ReadonlyArray<|Array<|Record<)/.test(codec.name))
    return codec.name
  const inner = unwrapped(codec)
  if (hasTag('UnionType')(inner)) return [...new Set(members(inner).map(expected))].join(' or ')
  if (element(inner) !== undefined) return 'a list'
  const fields = [inner, ...(hasTag('IntersectionType')(inner) ? members(inner).map(unwrapped) : [])].flatMap(
    part => [...props(part).keys()],
  )
  return fields.length === 0 || fields.length > mostListed
    ? 'an object'
    : `an object with the field${fields.length === 1 ? '' : 's'} ${fields.join(', ')}`
}

/** The texts among the values of a codec, if it lists them. */
const words = (codec: t.Mixed): ReadonlyArray<string> => {
  const inner = unwrapped(codec)
  if (hasTag('KeyofType')(inner)) return Object.keys(inner.keys)
  if (hasTag('LiteralType')(inner)) return typeof inner.value === 'string' ? [inner.value] : []
  return hasTag('UnionType')(inner) ? members(inner).flatMap(words) : []
}

/**
 * One clause for the deepest decoding error: the field, what it must be, and what was found.
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
  const [deepest] = errors
    .map(error => ({ ...error, context: written(error.context) }))
    .sort((a, b) => b.context.length - a.context.length)
  if (deepest === undefined) return 'it could not be decoded'
  const field = fieldOf(deepest.context)
  const where = deepest.context.length < 2 ? 'the value' : `\`${field}\``
  const type = deepest.context[deepest.context.length - 1]?.type
  const wanted = isCodec(type) ? expected(type) : 'something else'
  if (deepest.message !== undefined) return `${where} ${deepest.message}`
  if (deepest.value === undefined) return `${where} is missing; it must be ${wanted}`
  const hint =
    typeof deepest.value === 'string' && isCodec(type) ? didYouMean(deepest.value, words(type)) : ''
  return `${where} must be ${wanted}, but is ${found(deepest.value)}${hint}`
}

/** The decoded value, or one clause. A getter or a proxy may throw while its value is decoded. */
const clauseOf = <A>(decoded: () => t.Validation<A>): E.Either<string, A> =>
  pipe(
    E.tryCatch(decoded, cause => `the value cannot be read: ${thrown(cause)}`),
    E.flatMap(E.mapLeft(explain)),
  )

/**
 * Decodes, or returns one clause that says why it failed.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { decode, SearchSpace } from 'bilevel-hpo'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * decode(SearchSpace.SearchSpace)(space) // => right(space)
 * decode(SearchSpace.SearchSpace)([{ name: 'l2' }]) // => left('`[0].lower` is missing; it must be a finite number')
 * ```
 */
export const decode =
  <A, O>(codec: t.Type<A, O>) =>
  (input: unknown): E.Either<string, A> =>
    clauseOf(() => codec.decode(input))

/**
 * As {@link decode}, for a value in a field of a larger one; messages name that field, too.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decodeField('budget')(Codec.Count)(0) // => left('`budget` must be an integer ≥ 1, but is 0')
 * ```
 */
export const decodeField =
  (field: string) =>
  <A, O>(codec: t.Type<A, O>) =>
  (input: unknown): E.Either<string, A> =>
    clauseOf(() =>
      codec.validate(input, [
        { key: '', type: t.UnknownRecord, actual: { [field]: input } },
        { key: field, type: codec, actual: input },
      ]),
    )
