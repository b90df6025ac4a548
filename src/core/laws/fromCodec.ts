/**
 * Arbitraries from io-ts codecs: generates values that a codec accepts by walking through the codec.
 *
 * A codec without inner structure (a refinement, `Finite`, …) is recognised by its name. Overrides replace the
 * arbitrary of a codec, by its name, or of a field, by its path. Use them to keep sizes small.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as t from 'io-ts'
import * as fc from 'fast-check'
import { Count, Finite, Natural, NonNegative, Numbers, Positive, Share, Vector } from '../codec/Codec.js'
import { hasTag } from '../codec/codecTag.js'
import { WeightsRef } from '../protocol/Command.js'
import type { OptionsType } from '../codec/options.js'

/** Arbitraries that replace those derived from the codec. */
export interface Overrides {
  /** By the name of a codec. */
  readonly names?: Readonly<Record<string, fc.Arbitrary<unknown>>>
  /** By the path of a field, such as `budget.lowerLevelSolves`; list entries are `[]`, as in `space[].name`. */
  readonly fields?: Readonly<Record<string, fc.Arbitrary<unknown>>>
}

type Found = E.Either<string, fc.Arbitrary<unknown>>

/** Turns −0 into 0: JSON has no −0. */
const plain = (value: number): number => value + 0

const double = (constraints: fc.DoubleConstraints): fc.Arbitrary<number> =>
  fc.double({ noNaN: true, noDefaultInfinity: true, ...constraints }).map(plain)

/** Numbers of all sizes that a computation may meet, extremes included. Lists and counts stay small. */
const known: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  [Finite.name]: fc.oneof(double({ min: -1e3, max: 1e3 }), double({})),
  [Positive.name]: fc.oneof(double({ min: 1e-6, max: 1e3 }), double({ min: 0, minExcluded: true })),
  [NonNegative.name]: fc.oneof(double({ min: 0, max: 1e3 }), double({ min: 0 })),
  [Natural.name]: fc.nat(50),
  [Share.name]: double({ min: 0, max: 1, minExcluded: true }),
  [Count.name]: fc.integer({ min: 1, max: 50 }),
  [WeightsRef.name]: fc.oneof(
    fc.constant('initial'),
    fc.nat(50).map(id => `w${id}`),
  ),
}

const listed = (entry: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.array(entry, { maxLength: 5 })

const record = (
  props: Readonly<Record<string, t.Mixed>>,
  walk: (codec: t.Mixed, path: string) => Found,
  path: string,
): E.Either<string, Readonly<Record<string, fc.Arbitrary<unknown>>>> =>
  pipe(
    Object.entries(props),
    E.traverseArray(([key, codec]) =>
      pipe(
        walk(codec, path === '' ? key : `${path}.${key}`),
        E.map((found): readonly [string, fc.Arbitrary<unknown>] => [key, found]),
      ),
    ),
    E.map(entries => Object.fromEntries(entries)),
  )

const merged = (parts: ReadonlyArray<unknown>): unknown => Object.assign({}, ...parts)

/** Codecs with an inner structure to walk through. */
type Structured =
  | t.ReadonlyType<t.Mixed>
  | t.ExactType<t.Mixed>
  | OptionsType<unknown>
  | t.RefinementType<t.Mixed>
  | t.InterfaceType<t.Props>
  | t.PartialType<t.Props>
  | t.ReadonlyArrayType<t.Mixed>
  | t.ArrayType<t.Mixed>
  | t.TupleType<Array<t.Mixed>>
  | t.UnionType<Array<t.Mixed>>
  | t.IntersectionType<Array<t.Mixed>>
  | t.DictionaryType<t.Mixed, t.Mixed>

const structures: ReadonlyArray<string> = [
  'ReadonlyType',
  'ExactType',
  'OptionsType',
  'RefinementType',
  'InterfaceType',
  'PartialType',
  'ReadonlyArrayType',
  'ArrayType',
  'TupleType',
  'UnionType',
  'IntersectionType',
  'DictionaryType',
] satisfies ReadonlyArray<Structured['_tag']>

const isStructured = (codec: t.Mixed): codec is Structured =>
  '_tag' in codec && structures.includes(String(codec._tag))

const walkWith =
  ({ names = {}, fields = {} }: Overrides) =>
  (codec: t.Mixed, path: string): Found => {
    const walk = walkWith({ names, fields })
    const all = (members: ReadonlyArray<t.Mixed>, at: string) =>
      E.traverseArray((member: t.Mixed) => walk(member, at))(members)
    const replaced = fields[path] ?? names[codec.name] ?? known[codec.name]
    if (replaced !== undefined) return E.right(replaced)
    // A vector is a list of numbers, whether its text is packed or not.
    if (codec === Vector) return walk(Numbers, path)
    if (isStructured(codec))
      switch (codec._tag) {
        case 'ReadonlyType':
        case 'ExactType':
        case 'OptionsType':
          return walk(codec.type, path)
        case 'RefinementType':
          return pipe(
            walk(codec.type, path),
            E.map(found => found.filter(value => codec.is(value))),
          )
        case 'InterfaceType':
          return pipe(
            record(codec.props, walk, path),
            E.map(found => fc.record(found)),
          )
        case 'PartialType':
          return pipe(
            record(codec.props, walk, path),
            E.map(found => fc.record(found, { requiredKeys: [] })),
          )
        case 'ReadonlyArrayType':
        case 'ArrayType':
          return pipe(walk(codec.type, `${path}[]`), E.map(listed))
        case 'TupleType':
          return pipe(
            all(codec.types, `${path}[]`),
            E.map(found => fc.tuple(...found)),
          )
        case 'UnionType':
          return pipe(
            all(codec.types, path),
            E.map(found => fc.oneof(...found)),
          )
        case 'IntersectionType':
          return pipe(
            all(codec.types, path),
            E.map(found => fc.tuple(...found).map(merged)),
          )
        case 'DictionaryType':
          return pipe(
            walk(codec.codomain, `${path}[]`),
            E.map(found => fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), found, { maxKeys: 4 })),
          )
      }
    if (hasTag('LiteralType')(codec)) return E.right(fc.constant(codec.value))
    if (hasTag('KeyofType')(codec)) return E.right(fc.constantFrom(...Object.keys(codec.keys)))
    if (hasTag('NullType')(codec)) return E.right(fc.constant(null))
    if (hasTag('BooleanType')(codec)) return E.right(fc.boolean())
    if (hasTag('StringType')(codec)) return E.right(fc.string({ maxLength: 12 }))
    if (hasTag('AnyDictionaryType')(codec))
      return E.right(fc.dictionary(fc.string({ maxLength: 8 }), fc.integer()))
    return E.left(
      `The codec "${codec.name}"${path === '' ? '' : ` of the field \`${path}\``} has no known structure. ` +
        'Override its arbitrary by the name of the codec, or by the path of the field.',
    )
  }

/**
 * Arbitrary values that a codec accepts, derived by walking through the codec. `overrides` replaces the arbitraries of
 * fields, or of codecs by name.
 *
 * Errors: a sentence that names a codec, and its field, without a known name or structure.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as fc from 'fast-check'
 * import * as t from 'io-ts'
 * import { fromCodec, type Overrides } from 'bilevel-hpo/laws'
 *
 * const codec = t.strict({ size: t.number, kind: t.keyof({ grid: null, sobol: null }) })
 * const overrides: Overrides = { fields: { size: fc.integer({ min: 1, max: 9 }) } }
 * const arbitrary = fromCodec(codec, overrides)
 * const sample = E.isRight(arbitrary) ? fc.sample(arbitrary.right, { seed: 1, numRuns: 50 }) : []
 * sample.every(codec.is) && sample.every(({ size }) => size >= 1 && size <= 9) // => true
 * ```
 */
export const fromCodec = <T>(
  codec: t.Type<T, unknown>,
  overrides: Overrides = {},
): E.Either<string, fc.Arbitrary<T>> =>
  pipe(
    walkWith(overrides)(codec, ''),
    E.map(found => found.filter((value): value is T => codec.is(value))),
  )
