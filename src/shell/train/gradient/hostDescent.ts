/** Steps of descent on weights that lie on the host, whatever computes their gradients. */
import type { Descent, Gradient, Pull } from './Gradient.js'
import { momentumStep, momentumStepEach } from './Momentum.js'

/** Steps by gradients that are shown tensor by tensor: penalty, momentum, update and ‖w‖² in one loop over each. */
export const hostDescent =
  (parameters: Gradient['parameters'], lossAndGradient: Gradient['lossAndGradient']): Gradient['descent'] =>
  (start: Float32Array, { decays, curved }: Pull): Descent => {
    const weights = start.slice()
    const velocity = new Float64Array(weights.length)
    return {
      step: (parts, stride) => {
        let penalty = 0
        const sums = lossAndGradient(weights, parts, (k, shown) => {
          const decay = decays[k]!
          const { offset } = parameters[k]!
          // What is shown is another's.
          const gradient = curved === null ? shown : shown.slice()
          penalty += curved?.(k, weights, gradient, 0, 1) ?? 0
          penalty +=
            typeof decay === 'number'
              ? (decay / 2) * momentumStep(weights, velocity, gradient, offset, { ...stride, decay })
              : momentumStepEach(weights, velocity, gradient, offset, stride, decay) / 2
        })
        return sums.reduce((total, { loss }, i) => total + parts[i]!.scale * loss, penalty)
      },
      weights: () => weights,
      end: () => undefined,
    }
  }
