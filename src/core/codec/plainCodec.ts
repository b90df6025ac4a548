/**
 * Codecs of numbers, of lists and of objects with equal fields, and how a failed decoding is said in a sentence: what of Codec.ts
 * stands by itself, so that whoever decodes no vectors needs nothing that packs them.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'

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

/** Entries, each decoded under its key, as far as the first that is none. */
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
 * A list of what `codec` accepts, decoded as far as the first entry that is none: a hostile list makes no error an entry.
 * It is what `t.readonlyArray` is to whoever walks through codecs.
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

/** An object whose every field is what `codec` accepts, decoded as far as the first that is not; as {@link listOf}. */
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
