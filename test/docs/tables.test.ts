/** Tables of measurements say what the committed measurements say. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withTables } from '../tools/tables.js'

describe('the tables of measurements', () => {
  it.each(['docs/gp.md', 'docs/performance.md', 'docs/data.md', 'docs/rivals.md'])(
    'in %s are those of docs/results (else: npx tsx test/bench/tables.ts)',
    document => {
      const text = readFileSync(document, 'utf8')
      expect(text).toContain('<!-- table: ')
      expect(text).toBe(withTables(text))
    },
  )
})
