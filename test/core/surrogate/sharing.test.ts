import { describe, expect, it } from 'vitest'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import { decode } from '../../../src/core/codec/Codec.js'
import { driveInMemory } from '../../support/driveInMemory.js'
import { type Ridge, ridgeSpace, ridgeWorld } from '../../support/ridge.js'
import { denseOf, right } from './support.js'
import * as E from 'fp-ts/lib/Either.js'

describe('the core shares unchanged parts between steps', () => {
  const ridge: Ridge = { a: [2, 3], b: [1, 1] }
  const config = right(
    E.mapLeft((message: string) => ({ message }))(
      decode(bilevel.config)({
        space: ridgeSpace(ridge),
        budget: { lowerLevelSolves: 12 },
        stop: { step: 0 },
      }),
    ),
  )
  const states = right(driveInMemory(bilevel, config, ridgeWorld(ridge))).map(({ state }) => state)
  const pairs = states.slice(1).map((after, i) => [states[i]!, after] as const)

  it('the configuration stays one object', () => {
    for (const { config: held } of states) expect(held).toBe(states[0]!.config)
  })

  it('samples, and between fits the rows of the factor and the observations, are shared', () => {
    let [appended, refitted] = [0, 0]
    for (const [before, after] of pairs) {
      if (before.surrogate === null || after.surrogate === null) continue
      const [held, grown] = [before.surrogate.valueFunction, after.surrogate.valueFunction]
      expect(grown.space).toBe(held.space)
      expect(grown.options).toBe(held.options)
      held.samples.forEach((sample, i) => expect(grown.samples[i]).toBe(sample))
      if (grown.samples.length === held.samples.length) expect(grown).toBe(held)
      else if (after.surrogate.fittedSamples !== before.surrogate.fittedSamples) refitted++
      else {
        appended++
        expect(denseOf(grown).hyperparameters).toBe(denseOf(held).hyperparameters)
        expect(denseOf(held).factor.rows.length).toBeGreaterThan(0)
        denseOf(held).factor.rows.forEach((row, i) => expect(denseOf(grown).factor.rows[i]).toBe(row))
        denseOf(held).observations.forEach((o, i) => expect(denseOf(grown).observations[i]).toBe(o))
      }
    }
    expect(appended).toBeGreaterThan(10)
    expect(refitted).toBeGreaterThan(0)
  })
})
