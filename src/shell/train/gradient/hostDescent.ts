/** Steps of descent on weights in host memory, for any function that computes their gradients. */
import type { Descent, LossGradient, PenaltyGradient } from './LossGradient.js'
import { momentumStep, momentumStepEach } from './Momentum.js'

/** Steps with gradients that arrive tensor by tensor. One loop per tensor does penalty, momentum, update and ‖w‖². */
export const hostDescent =
  (
    parameters: LossGradient['parameters'],
    lossAndGradient: LossGradient['lossAndGradient'],
  ): LossGradient['descent'] =>
  (start: Float32Array, first: PenaltyGradient): Descent => {
    let { decays, curved } = first
    const weights = start.slice()
    const velocity = new Float64Array(weights.length)
    return {
      step: (parts, options) => {
        let penalty = 0
        const sums = lossAndGradient(weights, parts, (k, values) => {
          const decay = decays[k]!
          const { offset } = parameters[k]!
          // The callee owns this buffer; copy before writing.
          const gradient = curved === null ? values : values.slice()
          penalty += curved?.(k, weights, gradient, 0, 1) ?? 0
          penalty +=
            typeof decay === 'number'
              ? (decay / 2) * momentumStep(weights, velocity, gradient, offset, { ...options, decay })
              : momentumStepEach(weights, velocity, gradient, offset, options, decay) / 2
        })
        return sums.reduce((total, { loss }, i) => total + parts[i]!.scale * loss, penalty)
      },
      penalise: next => {
        decays = next.decays
        curved = next.curved
      },
      weights: () => weights,
      end: () => undefined,
    }
  }
