/**
 * Reads the Python literals of NPY headers: strings in single or double quotes, integers (`60`, and `60L` of Python 2),
 * `True`, `False`, `None`, tuples, lists and dictionaries with strings as keys. Nothing is evaluated.
 *
 * Pure. A `Left` is a clause that says what is wrong.
 */
import * as E from 'fp-ts/lib/Either.js'

/** A value. Tuples and lists are lists; a dictionary is a map. */
export type Literal = string | number | boolean | null | ReadonlyArray<Literal> | ReadonlyMap<string, Literal>

/** Far deeper than any header. */
const mostDepth = 16

const tokenPattern =
  /\s*(?:('[^'\\\n]*'|"[^"\\\n]*")|(-?\d{1,15})L?(?![\w.])|(True|False|None)(?!\w)|([{}()[\],:]))/y

type Token =
  | { readonly _tag: 'Value'; readonly value: string | number | boolean | null }
  | { readonly _tag: 'Mark'; readonly mark: string }

const words: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null }

const tokensOf = (text: string): E.Either<string, ReadonlyArray<Token>> => {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  for (let at = 0; at < end;) {
    tokenPattern.lastIndex = at
    const found = tokenPattern.exec(text)
    if (found === null)
      return E.left(`${JSON.stringify(text.slice(at, at + 20).trim())} is not part of a Python literal`)
    const [, quoted, digits, word, mark] = found
    tokens.push(
      mark !== undefined
        ? { _tag: 'Mark', mark }
        : {
            _tag: 'Value',
            value:
              quoted !== undefined
                ? quoted.slice(1, -1)
                : digits !== undefined
                  ? Number(digits)
                  : (words[word ?? ''] ?? null),
          },
    )
    at = tokenPattern.lastIndex
  }
  return E.right(tokens)
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

interface Read {
  readonly value: Literal
  /** The index of the next token. */
  readonly next: number
}

const unexpected = (token: Token | undefined): E.Either<string, never> =>
  E.left(
    token === undefined
      ? 'it ends too early'
      : `${JSON.stringify(token._tag === 'Mark' ? token.mark : token.value)} is out of place`,
  )

const isMark = (token: Token | undefined, mark: string): boolean =>
  token?._tag === 'Mark' && token.mark === mark

const read = (tokens: ReadonlyArray<Token>, at: number, depth: number): E.Either<string, Read> => {
  const token = tokens[at]
  if (token === undefined) return unexpected(token)
  if (token._tag === 'Value') return E.right({ value: token.value, next: at + 1 })
  const close = closing[token.mark]
  if (close === undefined) return unexpected(token)
  if (depth >= mostDepth) return E.left('it is nested too deeply')
  const items: Literal[] = []
  const entries = new Map<string, Literal>()
  let next = at + 1
  while (!isMark(tokens[next], close)) {
    const item = read(tokens, next, depth + 1)
    if (E.isLeft(item)) return item
    next = item.right.next
    if (close === '}') {
      const key = item.right.value
      if (!isMark(tokens[next], ':') || typeof key !== 'string') return unexpected(tokens[next])
      const value = read(tokens, next + 1, depth + 1)
      if (E.isLeft(value)) return value
      if (entries.has(key)) return E.left(`the key ${JSON.stringify(key)} occurs twice`)
      entries.set(key, value.right.value)
      next = value.right.next
    } else items.push(item.right.value)
    if (isMark(tokens[next], ',')) next += 1
    else if (!isMark(tokens[next], close)) return unexpected(tokens[next])
    // `(3)` is a number in brackets; only `(3,)` is a tuple.
    else if (close === ')' && items.length === 1) return E.right({ value: items[0]!, next: next + 1 })
  }
  return E.right({ value: close === '}' ? entries : items, next: next + 1 })
}

/** The value of a whole text. */
export const pythonLiteral = (text: string): E.Either<string, Literal> => {
  const tokens = tokensOf(text)
  if (E.isLeft(tokens)) return tokens
  const value = read(tokens.right, 0, 0)
  if (E.isLeft(value)) return value
  return value.right.next === tokens.right.length
    ? E.right(value.right.value)
    : unexpected(tokens.right[value.right.next])
}
