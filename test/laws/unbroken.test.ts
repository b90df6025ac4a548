import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bilevel } from '../../src/core/index.js'
import { Laws, Simulate } from '../../src/core/laws/index.js'
import { lawCases } from '../support/cases.js'
import { alternatives, unbroken } from './subjects.js'

/** Those whose cases are whole runs, or processes in many dimensions. */
const slow = new Set(['method', 'surrogate', 'structured surrogate'])

describe('the unbroken method and its parts', () => {
  it.each([...unbroken, ...alternatives].map(({ name, examine }) => [name, examine] as const))(
    '%s keeps every law, none of them untested',
    (name, examine) => {
      const report = Laws.assert(examine(lawCases(300, slow.has(name) ? 'slow' : 'usual')))
      expect(report.findings.map(({ _tag }) => _tag)).toEqual(report.findings.map(() => 'Kept'))
    },
  )

  it('finds known solutions to 0.01 in λ', () => {
    Laws.assert(
      Laws.optimum(bilevel, {
        options: fc.constant({
          budget: { outerIterations: 40, lowerLevelSolves: 60 },
          averaged: 2,
          stop: { step: 2e-4 },
        }),
        problems: Simulate.ridgeProblems(2),
        within: 0.01,
      })(lawCases(5, 'heavy')),
    )
  })
})
