/**
 * Configurations that may leave out what has a default.
 */
import * as t from 'io-ts'

type Json = Readonly<Record<string, unknown>>

const isRecord = (u: unknown): u is Json => typeof u === 'object' && u !== null && !Array.isArray(u)

const filled = (defaults: Json, given: Json): Json => ({
  ...defaults,
  ...Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const standard = defaults[key]
      return [key, isRecord(standard) && isRecord(value) ? filled(standard, value) : value]
    }),
  ),
})

/** Defaults that depend on what is given, which may be anything. */
export type Derive = (given: Json) => Json

/** A codec that fills in defaults first. It names the codec underneath, so that whoever walks codecs can go on there. */
export class DefaultedType<A> extends t.Type<A, unknown> {
  readonly _tag = 'DefaultedType'

  constructor(
    readonly type: t.Type<A, unknown>,
    readonly defaults: Json,
    derive: Derive,
  ) {
    super(
      type.name,
      type.is,
      (u, context) => type.validate(isRecord(u) ? filled(filled(defaults, derive(u)), u) : u, context),
      type.encode,
    )
  }
}

/**
 * `codec`, where any field that `defaults` has may be missing, at any depth. A field that is given, be it wrongly,
 * is never replaced by its default. What `derive` makes of the fields that are given goes before `defaults`.
 */
export const withDefaults = <A>(
  codec: t.Type<A, unknown>,
  defaults: Json,
  derive: Derive = () => ({}),
): DefaultedType<A> => new DefaultedType(codec, defaults, derive)
