/** JSON for people: indented, but with long lists of numbers or texts on a line of their own, not on thousands. */
import { longestPlain } from '../../core/codec/packedVector.js'

const isLong = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > longestPlain &&
  value.every(entry => typeof entry === 'number' || typeof entry === 'string')

/** As `JSON.stringify(value, null, indent)`, except for lists of more than 64 numbers or texts. */
export const laidOut = (value: unknown, indent: number): string => {
  const long: Array<string> = []
  const text = JSON.stringify(
    value,
    (_, entry: unknown) => (isLong(entry) ? { '\0': long.push(JSON.stringify(entry)) - 1 } : entry),
    indent,
  )
  // No key of a file is a zero character, and in a text one is written with another backslash before it.
  return long.length === 0
    ? text
    : text.replace(/\{\s*"\\u0000":\s*(\d+)\s*\}/g, (_, index: string) => long[Number(index)] ?? '')
}
