import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import { decode } from '../../../src/core/protocol/Codec.js'
import { driveInMemory } from '../../support/driveInMemory.js'
import { type Ridge, ridgeOptimum, ridgeSpace, ridgeWorld } from '../../support/ridge.js'

const problem: Ridge = { a: [1, 2], b: [0.4, 1.2] }

const configOf = (ridge: Ridge, options: object = {}) => {
  const decoded = decode(bilevel.config)({ space: ridgeSpace(ridge), ...options })
  if (E.isLeft(decoded)) throw new Error(decoded.left)
  return decoded.right
}

const run = (ridge: Ridge, options: object = {}, world = ridgeWorld(ridge)) => {
  const transitions = driveInMemory(bilevel, configOf(ridge, options), world)
  if (E.isLeft(transitions)) throw new Error(transitions.left.message)
  return transitions.right
}

describe('bilevel', () => {
  it('finds the closed-form optimum of a ridge problem', () => {
    const transitions = run(problem, {
      budget: { outerIterations: 40, lowerLevelSolves: 60 },
      averaged: 1,
      stop: { step: 1e-4 },
    })
    const outcome = transitions.at(-1)!.info.outcome!
    for (const t of transitions) if (t.info.coefficient !== null) console.log(t.info.outerIteration, t.info.lambda, t.info.violation, t.info.epsilon, t.info.coefficient, t.info.penalty)
    console.log(outcome.stopReason, outcome.rows.map(r => r.lambda), ridgeOptimum(problem))
    const found = outcome.rows.find(row => row.name === 'bilevel')!.lambda
    ridgeOptimum(problem).forEach((value, k) => expect(Math.abs(found[k]! - value)).toBeLessThan(0.05))
  })
})
