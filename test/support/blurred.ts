import * as Rng from '../../src/core/numeric/Rng.js'
import type { Observation } from '../../src/core/protocol/Observation.js'

/** Answers as after finitely many steps on minibatches: f is off by a thousandth, its gradient by a hundredth. */
export const blurred =
  (seed: number) =>
  (answer: Observation): Observation => {
    if (answer._tag !== 'LowerLevelSolved' && answer._tag !== 'WeightsDescended') return answer
    const [[value, ...slopes]] = Rng.normals(1 + answer.lowerGradient.length)(Rng.make(answer.id, 13, seed))
    return {
      ...answer,
      lower: answer.lower * (1 + 1e-3 * value!),
      lowerGradient: answer.lowerGradient.map((slope, k) => slope * (1 + 1e-2 * slopes[k]!)),
    }
  }
