/** The first difference between two JSON values. */
import * as O from 'fp-ts/lib/Option.js'
import { shown } from './shown.js'

export interface Difference {
  /** Path of the field as a person writes it: `commands[0].lambda[1]`. */
  readonly field: string
  readonly expected: string
  readonly found: string
}

/** A value as text for a person, cut to `length` characters; `nothing` for `undefined`. */
export const show = (value: unknown, length = 100): string =>
  value === undefined ? 'nothing' : shown(value, length)

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The keys that `JSON.stringify` writes. */
const written = (fields: Fields): ReadonlyArray<string> =>
  Object.keys(fields).filter(key => fields[key] !== undefined)

const firstOf = <A>(
  candidates: ReadonlyArray<A>,
  difference: (candidate: A) => O.Option<Difference>,
): O.Option<Difference> => {
  for (const candidate of candidates) {
    const found = difference(candidate)
    if (O.isSome(found)) return found
  }
  return O.none
}

/**
 * The first field in which two values differ as JSON text, in the order of the expected value's fields. In JSON −0 is
 * 0, and an undefined field is absent. The search descends only where both have the same shape, so never deeper than
 * the expected value.
 */
export const firstDifference =
  (field: string) =>
  (expected: unknown, found: unknown): O.Option<Difference> => {
    if (Array.isArray(expected) && Array.isArray(found)) {
      const [want, have]: readonly [ReadonlyArray<unknown>, ReadonlyArray<unknown>] = [expected, found]
      const length = Math.max(want.length, have.length)
      return firstOf(
        Array.from({ length }, (_, i) => i),
        i => firstDifference(`${field}[${i}]`)(want[i], have[i]),
      )
    }
    if (isFields(expected) && isFields(found)) {
      const keys = written(expected)
      const extra = written(found).filter(key => !keys.includes(key))
      return firstOf([...keys, ...extra], key =>
        firstDifference(field === '' ? key : `${field}.${key}`)(expected[key], found[key]),
      )
    }
    // `===` treats −0 and 0 as equal, as JSON does.
    return expected === found ? O.none : O.some({ field, expected: show(expected), found: show(found) })
  }
