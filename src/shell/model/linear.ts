/**
 * Softmax regression: logits are linear in the pixels. Cross-entropy is convex in its weights, so that with a convex penalty
 * the lower level has one value, whatever the start.
 */
import { dense, flatten } from './Layer.js'
import { sequential, type Network } from './Network.js'

/** inputs–classes; its one layer is called dense1, as the first one of an `mlp` is. */
export const linear = (inputShape: readonly [number, number, number], classes: number): Network => {
  const inputs = inputShape[0] * inputShape[1] * inputShape[2]
  return sequential(`linear ${inputs}-${classes}`, inputShape, classes, [
    flatten(inputShape),
    dense('dense1', inputs, classes, 'linear'),
  ])
}
