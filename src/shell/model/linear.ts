/**
 * Softmax regression: logits are linear in the pixels. Cross-entropy is convex in the weights, so with a convex penalty every
 * start leads to the same value of the lower level.
 */
import { dense, flatten } from './Layer.js'
import { sequential, type Network } from './Network.js'

/**
 * Softmax regression: one dense layer, `dense1`, from the pixels to the logits. Convex in its weights.
 *
 * @example
 * ```ts
 * import { linear } from 'bilevel-hpo/shell'
 *
 * const { name, size } = linear([28, 28, 1], 10)
 * const told = [name, size] // => ['linear 784-10', 7850]
 * ```
 */
export const linear = (inputShape: readonly [number, number, number], classes: number): Network => {
  const inputs = inputShape[0] * inputShape[1] * inputShape[2]
  return sequential(`linear ${inputs}-${classes}`, inputShape, classes, [
    flatten(inputShape),
    dense('dense1', inputs, classes, 'linear'),
  ])
}
