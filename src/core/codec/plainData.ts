/**
 * Copies what a caller passed into plain data, so that what is decoded is what is used.
 *
 * A value from outside may have getters, inherit its fields, contain itself, or nest thousands of lists. The copy has
 * none of that: only objects and lists with fields of their own, within the limits.
 */
import * as E from 'fp-ts/lib/Either.js'
import { thrown } from './thrown.js'

/** They cover vectors and lists of objects as long as the longest list that JSON may hold, several and two times over. */
const limits = { depth: 32, values: 2 ** 20, containers: 2 ** 17 } as const

/**
 * The value with its objects and lists copied. Functions, typed arrays, and what is no object stay as they are.
 *
 * Left: a clause, such as `nests more than 32 objects and lists`.
 */
export const plainData = (given: unknown): E.Either<string, unknown> => {
  let [values, containers] = [0, 0]
  /** The first fault ends the copying. */
  const faults: Array<string> = []
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    const list: ReadonlyArray<unknown> | null = Array.isArray(value) ? value : null
    const keys = list === null ? Object.keys(value) : []
    values += list?.length ?? keys.length
    if (depth >= limits.depth) faults.push(`nests more than ${limits.depth} objects and lists`)
    if (++containers > limits.containers)
      faults.push(`holds more than ${limits.containers} objects and lists`)
    if (values > limits.values) faults.push(`holds more than ${limits.values} values`)
    if (faults.length > 0) return null
    return list === null
      ? Object.fromEntries(keys.map(key => [key, copy(Reflect.get(value, key), depth + 1)]))
      : Array.from(list, entry => copy(entry, depth + 1))
  }
  try {
    const copied = copy(given, 0)
    const [fault] = faults
    return fault === undefined ? E.right(copied) : E.left(fault)
  } catch (cause) {
    return E.left(`cannot be read: ${thrown(cause)}`)
  }
}
