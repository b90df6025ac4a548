/** L-BFGS evaluates the same points, to the last bit, as when the traces were recorded. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type Ending,
  init,
  minimize,
  type Minimum,
  type Problem,
  statusOf,
  step,
} from '../../../src/core/numeric/Lbfgs.js'
import { byHand, randomProblem, seeds, summaryOf, type Trace, tracesOf } from '../../support/lbfgsTraces.js'

const recorded = JSON.parse(
  readFileSync(new URL('../../data/lbfgs-traces.json', import.meta.url), 'utf8'),
) as {
  readonly byName: Readonly<Record<string, Trace>>
  readonly random: ReturnType<typeof summaryOf>
}

describe('the bits of L-BFGS', () => {
  it('are those on record, for each named problem', () => {
    expect(tracesOf(minimize)).toEqual(recorded.byName)
  })

  it('are those on record, for problems drawn from seeds', () => {
    expect(summaryOf(minimize)).toEqual(recorded.random)
  })

  it('are those of a descent made step by step, whose ending is final', () => {
    const stepped = (problem: Problem): Minimum => {
      const next = step(problem)
      let state = init(problem)
      while (state.ending === null) state = next(state)
      expect(next(state)).toBe(state)
      return { ...state, ending: state.ending, status: statusOf(state.ending) }
    }
    expect(tracesOf(stepped)).toEqual(recorded.byName)
  })

  it('come from descents with every ending', () => {
    const problems = [
      ...byHand.map(({ problem }) => problem),
      ...Array.from({ length: seeds }, (_, i) => randomProblem(i)),
    ]
    const tags = new Set(problems.map(problem => minimize(problem).ending._tag))
    const all: Record<Ending['_tag'], true> = {
      GradientTolerance: true,
      ValueTolerance: true,
      IterationsSpent: true,
      EvaluationsSpent: true,
      NoDecrease: true,
      Stalled: true,
      NonFinite: true,
      EmptyBox: true,
    }
    expect(tags).toEqual(new Set(Object.keys(all)))
  })
})
