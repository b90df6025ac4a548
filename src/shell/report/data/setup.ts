/** The settings of runs: every field of their headers by its path, its values, and which runs have each value. */
import type { Run } from '../Run.js'

/** A value of a field, and the runs that have it; `null` means all runs. */
export interface Setting {
  readonly field: string
  readonly value: string
  readonly runs: ReadonlyArray<string> | null
}

/** The most entries of a list that are shown; thousands of hyperparameters would fill the page. */
const mostEntries = 12

const valueText = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Array.isArray(value) && value.length > mostEntries
      ? `${JSON.stringify(value.slice(0, mostEntries)).slice(0, -1)}, … (${value.length} in all)]`
      : JSON.stringify(value)

/** The fields of an object by their paths; a list is one value. */
const fieldsOf = (value: unknown, path: string): ReadonlyArray<readonly [string, string]> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([name, field]) =>
        fieldsOf(field, path === '' ? name : `${path}.${name}`),
      )
    : [[path, valueText(value)]]

const sections = ['method', 'backend', 'versions', 'data', 'problem', 'config'] as const

/** The settings of some runs. A field with the same value in all runs is one row. */
export const settings = (
  runs: ReadonlyArray<Pick<Run, 'name' | 'header' | 'checked'>>,
): ReadonlyArray<Setting> => {
  const found = new Map<string, Map<string, Array<string>>>()
  for (const { name, header, checked } of runs) {
    const fields = [
      ...sections.flatMap(section => fieldsOf(header[section], section)),
      ['checked', checked === 'decisions' ? 'replays as logged' : 'read, not derived again'] as const,
    ]
    for (const [field, value] of fields) {
      const values = found.get(field) ?? new Map<string, Array<string>>()
      found.set(field, values)
      const holders = values.get(value)
      if (holders === undefined) values.set(value, [name])
      else holders.push(name)
    }
  }
  return [...found].flatMap(([field, values]) =>
    [...values].map(([value, holders]) => ({
      field,
      value,
      runs: holders.length === runs.length ? null : holders,
    })),
  )
}
