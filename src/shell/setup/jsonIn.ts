import { readFileSync } from 'node:fs'

/** What a JSON file holds; `undefined` where it is not there or is none, which no codec of ours takes. */
export const jsonIn = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
