/** Seeds: the integers of 32 bits. The random generator has no room for more, so two larger ones could be the same. */
import * as t from 'io-ts'
import type { Rule } from './options.js'

const seeds = 2 ** 32

const isSeed = (u: unknown): u is number => Number.isSafeInteger(u) && Number(u) >= 0 && Number(u) < seeds

/**
 * The seed of a run: an integer from 0 to 4,294,967,295.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.Seed)(7) // => right(7)
 * // It would give the same run as 0.
 * Codec.decode(Codec.Seed)(4294967296) // => left('the value must be an integer from 0 to 4294967295, but is 4294967296')
 * ```
 */
export const Seed = new t.Type<number>(
  `an integer from 0 to ${seeds - 1}`,
  isSeed,
  (u, context) => (isSeed(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** For options whose field `seed` older versions recorded without this limit. */
export const seedRule: Rule<{ readonly seed: number }> = {
  field: 'seed',
  broken: ({ seed }) => (seed < seeds ? null : `must be ${Seed.name}, but is ${seed}`),
}
