import { describe, expect, it } from 'vitest'
import { catalogue, Laws } from '../../src/core/laws/index.js'
import { deep, lawCases } from '../support/cases.js'
import { mutants } from './mutants/index.js'

// A mutant is examined until its law is broken, so that it rarely takes many cases.
const options = { ...lawCases(300, 'quick'), shrinks: deep ? 40 : 10 }

describe.each(mutants)('single faults of $of', ({ of, mutants: faulty }) => {
  it.each(faulty.map(mutant => [mutant.name, mutant.law, mutant] as const))(
    '%s is found by "%s"',
    (_, law, { examine }) => {
      expect(catalogue.find(({ name }) => name === of)!.laws.map(({ name }) => name)).toContain(law)
      const report = examine({ ...options, only: [law] })
      expect(Laws.broken(report)).toEqual([law])
      expect(() => Laws.assert(report)).toThrow('source:  ')
    },
  )
})

describe('the mutants', () => {
  it('are more than 20, and every law except that of whole runs kills at least one', () => {
    const all = mutants.flatMap(({ of, mutants: faulty }) => faulty.map(({ law }) => `${of}: ${law}`))
    expect(all.length).toBeGreaterThanOrEqual(20)
    const idle = catalogue
      .filter(({ name }) => name !== 'optimum')
      .flatMap(({ name, laws }) => laws.map(law => `${name}: ${law.name}`))
      .filter(law => !all.includes(law))
    expect(idle).toEqual([])
  })
})
