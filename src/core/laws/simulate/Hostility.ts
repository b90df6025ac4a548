/**
 * What a world may do to a method besides answering it well: fail commands, answer with noise, and state efforts whose
 * sum depends on the order they are added in. All of it is decided by the command's id, so that the order of the
 * answers makes no difference.
 */
import * as Rng from '../../numeric/Rng.js'
import type { Observation } from '../../protocol/Observation.js'
import type { World } from './World.js'

/** What goes wrong, and when. */
export interface Hostility {
  /** Whether the command of this id, modulo the list's length, fails; an empty list lets all succeed. */
  readonly failing: ReadonlyArray<boolean>
  /** Standard deviation of the noise on losses and their gradients by λ, relative to each of them. */
  readonly noise: number
  /** Efforts are no whole numbers: floating-point sums of them in two orders may differ in the last digit. */
  readonly fractionalEffort: boolean
  readonly seed: number
}

/**
 * Nothing goes wrong.
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
    // −0 would not survive JSON.
    const off = (value: number, i: number): number => value * (1 + noise * normals[i]!) + 0
    return {
      ...observation,
      upper: off(observation.upper, 0),
      lower: off(observation.lower, 1),
      upperGradient: observation.upperGradient.map((g, k) => off(g, 2 + k)),
      lowerGradient: observation.lowerGradient.map((g, k) => off(g, 2 + d + k)),
    }
  }

/** Between half of the effort and all of it: never zero where it was not. */
const fractional =
  ({ fractionalEffort, seed }: Hostility) =>
  (observation: Observation): Observation => {
    if (!fractionalEffort || !('effort' in observation)) return observation
    const [share] = Rng.uniform(Rng.make(seed, observation.id, 1))
    return { ...observation, effort: observation.effort * (0.5 + 0.5 * share) }
  }

/**
 * The world made hostile.
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
