/** Writes a table as comma-separated values (RFC 4180, except for line ends). */
import type { Entry, Table } from './figures/Figure.js'

/** A spreadsheet would run text that begins like a formula; a leading apostrophe prevents that. */
const field = (entry: Entry): string => {
  if (entry === null) return ''
  if (typeof entry === 'number') return String(entry)
  const text = /^[=+\-@\t\r]/.test(entry) ? `'${entry}` : entry
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csv = ({ head, rows }: Table): string =>
  [head, ...rows].map(row => `${row.map(field).join(',')}\n`).join('')
