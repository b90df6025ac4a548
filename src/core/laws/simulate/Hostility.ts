/**
 * Hostile worlds: they fail commands, add noise to answers, and state efforts whose sum depends on the order of
 * addition. All of it depends on the command's id only, so the order of the answers does not matter.
 */
import * as Rng from '../../numeric/Rng.js'
import type { Observation } from '../../protocol/Observation.js'
import type { World } from './World.js'

/** What goes wrong, and when. */
export interface Hostility {
  /** Whether the command with this id, modulo the list's length, fails. With an empty list all succeed. */
  readonly failing: ReadonlyArray<boolean>
  /** Standard deviation of the noise on the losses and their gradients by λ, relative to each value. */
  readonly noise: number
  /** Makes efforts fractional, so that sums in two orders may differ in the last digit. */
  readonly fractionalEffort: boolean
  readonly seed: number
}

/**
 * The world without hostility.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * Simulate.friendly // => { failing: [], noise: 0, fractionalEffort: false, seed: 0 }
 * ```
 */
export const friendly: Hostility = { failing: [], noise: 0, fractionalEffort: false, seed: 0 }

const noisy =
  ({ noise, seed }: Hostility) =>
  (observation: Observation): Observation => {
    if (noise === 0 || (observation._tag !== 'LowerLevelSolved' && observation._tag !== 'WeightsDescended'))
      return observation
    const d = observation.upperGradient.length
    const [normals] = Rng.normals(2 + 2 * d)(Rng.make(seed, observation.id))
    // Adding 0 turns −0 into 0: −0 does not survive JSON.
    const off = (value: number, i: number): number => value * (1 + noise * normals[i]!) + 0
    return {
      ...observation,
      upper: off(observation.upper, 0),
      lower: off(observation.lower, 1),
      upperGradient: observation.upperGradient.map((g, k) => off(g, 2 + k)),
      lowerGradient: observation.lowerGradient.map((g, k) => off(g, 2 + d + k)),
    }
  }

/** Scales the effort by a factor between a half and 1, so that it is never zero unless it was. */
const fractional =
  ({ fractionalEffort, seed }: Hostility) =>
  (observation: Observation): Observation => {
    if (!fractionalEffort || !('effort' in observation)) return observation
    const [share] = Rng.uniform(Rng.make(seed, observation.id, 1))
    return { ...observation, effort: observation.effort * (0.5 + 0.5 * share) }
  }

/**
 * The world with this hostility.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * // Every other command fails.
 * const hostility: Simulate.Hostility = { ...Simulate.friendly, failing: [false, true] }
 * const world = Simulate.hostile(hostility)(Simulate.ridgeWorld({ a: [3], b: [2] }))
 * const tags = [0, 1].map(id =>
 *   world.answer({ _tag: 'SolveLowerLevel', id, lambda: [0], from: 'initial', tolerance: 1e-3, maxEpochs: 9 })[0]._tag)
 * tags // => ['LowerLevelSolved', 'CommandFailed']
 * ```
 */
export const hostile =
  (hostility: Hostility) =>
  (world: World): World => ({
    answer: question => {
      const { failing } = hostility
      const { id } = question
      const [observation, after] =
        failing[id % Math.max(1, failing.length)] === true
          ? [
              { _tag: 'CommandFailed', id, reason: 'the simulated world failed it', effort: 1 } as const,
              world,
            ]
          : world.answer(question)
      return [fractional(hostility)(noisy(hostility)(observation)), hostile(hostility)(after)]
    },
    release: refs => hostile(hostility)(world.release(refs)),
    held: world.held,
  })
