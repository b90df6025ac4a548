/** Any value as text for a message. It reads no more of the value than the text has room for, and never throws. */

/** The parts of a text, until there is no room for more. */
interface Page {
  readonly parts: Array<string>
  room: number
}

const put = (page: Page, text: string): void => {
  page.parts.push(text)
  page.room -= text.length
}

const putEntries = (
  page: Page,
  [open, close]: readonly [string, string],
  count: number,
  entry: (i: number) => boolean,
): void => {
  put(page, open)
  let first = true
  for (let i = 0; i < count && page.room > 0; i++) {
    const [parts, room] = [page.parts.length, page.room]
    if (!first) put(page, ',')
    if (entry(i)) first = false
    else {
      page.parts.length = parts
      page.room = room
    }
  }
  put(page, close)
}

/** Each object and list takes at least one character, so the room bounds the depth. */
const write = (page: Page, value: unknown): void => {
  if (page.room <= 0) return
  if (typeof value === 'string') put(page, JSON.stringify(value.slice(0, page.room + 1)))
  else if (typeof value === 'bigint') put(page, `${value}n`)
  else if (typeof value === 'function' || typeof value === 'symbol') put(page, `a ${typeof value}`)
  else if (typeof value !== 'object' || value === null) put(page, String(value))
  else if (ArrayBuffer.isView(value)) put(page, 'a typed array')
  else if (Array.isArray(value))
    putEntries(page, ['[', ']'], value.length, i => {
      write(page, value[i] ?? null)
      return true
    })
  else {
    const keys = Object.keys(value)
    putEntries(page, ['{', '}'], keys.length, i => {
      const field: unknown = Reflect.get(value, keys[i]!)
      // As in JSON, an undefined field is absent.
      if (field === undefined) return false
      put(page, `${JSON.stringify(keys[i]!.slice(0, page.room + 1))}:`)
      write(page, field)
      return true
    })
  }
}

/**
 * A value as JSON text; numbers that JSON cannot hold, functions and the like are named. A text of more than `most`
 * characters is cut to `kept` and ends with `…`.
 */
export const shown = (value: unknown, most: number, kept = most - 1): string => {
  const page: Page = { parts: [], room: most + 1 }
  try {
    write(page, value)
  } catch {
    // A getter or a proxy may throw.
    return 'a value that cannot be read'
  }
  const text = page.parts.join('')
  return text.length > most ? `${text.slice(0, kept)}…` : text
}

/** A name in quotation marks for a message; a long one is cut. */
export const quoted = (name: string): string => shown(name, 80)
