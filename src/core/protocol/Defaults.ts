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

/**
 * `codec`, where any field that `defaults` has may be missing, at any depth. A field that is given, be it wrongly,
 * is never replaced by its default.
 */
export const withDefaults = <A>(codec: t.Type<A, unknown>, defaults: Json): t.Type<A, unknown> =>
  new t.Type<A, unknown>(
    codec.name,
    codec.is,
    (u, context) => codec.validate(isRecord(u) ? filled(defaults, u) : u, context),
    codec.encode,
  )
