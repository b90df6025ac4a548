/**
 * Parses JSON from untrusted sources. It refuses a text before it costs much: if it is too long, nests too deeply, or
 * holds too long a list.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Json from 'fp-ts/lib/Json.js'
import * as t from 'io-ts'

export interface Limits {
  /** Longest text, in characters. */
  readonly length: number
  /** Most objects and lists nested in one another. */
  readonly depth: number
  /** Most entries of one list or object. */
  readonly entries: number
}

/** The index of the quote that ends the string whose first character is at `from`, or the length of the text. */
const closing = (text: string, from: number): number => {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - slashes - 1) === 0x5c && end - slashes > from) slashes++
    if (slashes % 2 === 0) return end
  }
  return text.length
}

/** The limit that a JSON text exceeds, as a clause, or `null`. Builds nothing. */
const excess = (text: string, limits: Limits): string | null => {
  if (text.length > limits.length) return `is longer than ${limits.length} characters`
  /** Commas so far in each open list and object. */
  const commas = [0]
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x22) i = closing(text, i + 1)
    else if (char === 0x5b || char === 0x7b) {
      if (commas.push(0) > limits.depth + 1) return `nests more than ${limits.depth} objects and lists`
    } else if (char === 0x5d || char === 0x7d) commas.pop()
    else if (char === 0x2c && ++commas[commas.length - 1]! >= limits.entries)
      return `holds a list of more than ${limits.entries} entries`
  }
  return null
}

/** Parses a JSON object. Errors: a clause about the text, such as `is longer than 1024 characters`. */
export const parseObject =
  (limits: Limits) =>
  (text: string): E.Either<string, Readonly<Record<string, unknown>>> => {
    const over = excess(text, limits)
    return over !== null
      ? E.left(over)
      : pipe(
          Json.parse(text),
          E.mapLeft(cause => `is not JSON${cause instanceof Error ? ` (${cause.message})` : ''}`),
          E.filterOrElse(t.UnknownRecord.is, () => 'is not a JSON object'),
        )
  }
