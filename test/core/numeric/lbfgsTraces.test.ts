/** L-BFGS looks at the same points, to the last bit, as when the traces were recorded. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { minimize } from '../../../src/core/numeric/Lbfgs.js'
import { summaryOf, type Trace, tracesOf } from '../../support/lbfgsTraces.js'

const recorded = JSON.parse(
  readFileSync(new URL('../../data/lbfgs-traces.json', import.meta.url), 'utf8'),
) as {
  readonly byName: Readonly<Record<string, Trace>>
  readonly random: ReturnType<typeof summaryOf>
}

describe('the bits of L-BFGS', () => {
  it('are those on record, for each problem by name', () => {
    expect(tracesOf(minimize)).toEqual(recorded.byName)
  })

  it('are those on record, over problems out of seeds', () => {
    expect(summaryOf(minimize)).toEqual(recorded.random)
  })

  it('cover every way to end', () => {
    const named = new Set(Object.values(recorded.byName).map(({ status }) => status))
    expect(named).toEqual(new Set(['converged', 'iterations', 'lineSearch', 'nonFinite']))
  })
})
