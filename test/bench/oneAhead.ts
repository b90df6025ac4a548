/**
 * How well φ̂ knows what comes next: over runs of 200 outer iterations on blurred ridge problems, each sample is
 * predicted just before it comes in.
 *
 *     npx tsx test/bench/oneAhead.ts
 *
 * Writes docs/results/one-ahead.json: the median error, and the share within two deviations (noise included).
 */
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import type { BilevelState } from '../../src/core/bilevel/BilevelState.js'
import * as Rng from '../../src/core/numeric/Rng.js'
import * as ValueFunction from '../../src/core/surrogate/ValueFunction.js'
import { driveInMemory } from '../support/driveInMemory.js'
import { unsettledRidge } from '../support/unsettledRidge.js'
import { median, right, write } from './gpTiming.js'

const outerIterations = 200
/** Standardized noise variance of a value whose noise is not known, before the fit multiplies it. */
const unknownNoise = 1e-6

interface Ahead {
  readonly error: number
  readonly deviations: number
}

const ahead = ([before, after]: readonly [BilevelState, BilevelState]): ReadonlyArray<Ahead> => {
  const [held, grown] = [before.surrogate?.valueFunction, after.surrogate?.valueFunction]
  const sample = grown?.samples.at(-1)
  if (held === undefined || sample === undefined || sample === held.samples.at(-1)) return []
  const { modelMean, variance } = ValueFunction.predict(sample.lambda)(held)
  const { noiseVariance } =
    held.model._tag === 'Dense' ? held.model.gp.hyperparameters : held.model.hyperparameters
  const noise = noiseVariance * unknownNoise * held.standardization.scale ** 2
  const error = Math.abs(sample.value - modelMean)
  return [{ error, deviations: error / Math.sqrt(variance + noise) }]
}

const run = (d: number, seed: number): ReadonlyArray<Ahead> => {
  const { config, world } = unsettledRidge(d, Rng.make(d, 11, seed), seed, outerIterations)
  const transitions = right(driveInMemory(bilevel, config, world))
  const states = transitions.map(({ state }) => state)
  return states.slice(1).flatMap((after, i) => ahead([states[i]!, after]))
}

const table = [1, 2, 5, 10].map(dimension => {
  const all = [1, 2, 3].flatMap(seed => run(dimension, seed))
  const row = {
    dimension,
    samples: all.length,
    medianError: median(all.map(({ error }) => error)),
    within2Deviations: all.filter(({ deviations }) => deviations <= 2).length / all.length,
  }
  console.log(row)
  return row
})
write('one-ahead', { outerIterations, table })
