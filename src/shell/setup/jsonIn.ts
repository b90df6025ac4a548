import { readFileSync } from 'node:fs'

/** The value in a JSON file; `undefined`, which our codecs refuse, if the file is missing or not JSON. */
export const jsonIn = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
