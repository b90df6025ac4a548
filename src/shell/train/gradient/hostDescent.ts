/** Steps of descent on weights that lie on the host, whatever computes their gradients. */
import type { Descent, LossGradient, PenaltyGradient } from './LossGradient.js'
import { momentumStep, momentumStepEach } from './Momentum.js'

/** Steps by gradients that are shown tensor by tensor: penalty, momentum, update and ‖w‖² in one loop over each. */
export const hostDescent =
  (
    parameters: LossGradient['parameters'],
    lossAndGradient: LossGradient['lossAndGradient'],
  ): LossGradient['descent'] =>
  (start: Float32Array, { decays, curved }: PenaltyGradient): Descent => {
    const weights = start.slice()
    const velocity = new Float64Array(weights.length)
    return {
      step: (parts, options) => {
        let penalty = 0
        const sums = lossAndGradient(weights, parts, (k, shown) => {
          const decay = decays[k]!
          const { offset } = parameters[k]!
          // What is shown is another's.
          const gradient = curved === null ? shown : shown.slice()
          penalty += curved?.(k, weights, gradient, 0, 1) ?? 0
          penalty +=
            typeof decay === 'number'
              ? (decay / 2) * momentumStep(weights, velocity, gradient, offset, { ...options, decay })
              : momentumStepEach(weights, velocity, gradient, offset, options, decay) / 2
        })
        return sums.reduce((total, { loss }, i) => total + parts[i]!.scale * loss, penalty)
      },
      weights: () => weights,
      end: () => undefined,
    }
  }
