/**
 * What a world may do to a method besides answering it well: fail commands, and answer with noise. All of it is
 * decided by the command's id, so that the order of the answers makes no difference.
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
  readonly seed: number
}

/** Nothing goes wrong. */
export const friendly: Hostility = { failing: [], noise: 0, seed: 0 }

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

/** The world made hostile. */
export const hostile =
  (hostility: Hostility) =>
  (world: World): World => ({
    answer: question => {
      const { failing } = hostility
      if (failing[question.id % Math.max(1, failing.length)] === true)
        return [
          { _tag: 'CommandFailed', id: question.id, reason: 'the simulated world failed it', effort: 1 },
          hostile(hostility)(world),
        ]
      const [observation, after] = world.answer(question)
      return [noisy(hostility)(observation), hostile(hostility)(after)]
    },
    release: refs => hostile(hostility)(world.release(refs)),
    held: world.held,
  })
