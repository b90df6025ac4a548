/** JSON for people: indented, but each long list of numbers or texts stays on one line. */
import { longestPlain } from '../../core/codec/packedVector.js'

const isLong = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > longestPlain &&
  value.every(entry => typeof entry === 'number' || typeof entry === 'string')

/** Like `JSON.stringify(value, null, indent)`, except for lists of more than 64 numbers or texts. */
export const laidOut = (value: unknown, indent: number): string => {
  const long: Array<string> = []
  const text = JSON.stringify(
    value,
    (_, entry: unknown) => (isLong(entry) ? { '\0': long.push(JSON.stringify(entry)) - 1 } : entry),
    indent,
  )
  // The marker's key is a NUL character. No file has such a key, and within a text JSON writes another backslash before it.
  return long.length === 0
    ? text
    : text.replace(/\{\s*"\\u0000":\s*(\d+)\s*\}/g, (_, index: string) => long[Number(index)] ?? '')
}
