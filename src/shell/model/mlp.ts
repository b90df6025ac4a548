/** Multi-layer perceptron: dense layers with ReLU between them. */
import { dense, flatten } from './Layer.js'
import { sequential, type Network } from './Network.js'

/**
 * A multi-layer perceptron: dense layers `dense1`, `dense2`, … with ReLU between them. `hidden`: the widths of the hidden
 * layers.
 *
 * @example
 * ```ts
 * import { mlp } from 'bilevel-hpo/shell'
 *
 * const { name, size } = mlp([28, 28, 1], 10, [100])
 * const told = [name, size] // => ['mlp 784-100-10', 79510]
 * ```
 */
export const mlp = (
  inputShape: readonly [number, number, number],
  classes: number,
  hidden: ReadonlyArray<number>,
): Network => {
  const widths = [inputShape[0] * inputShape[1] * inputShape[2], ...hidden, classes]
  return sequential(`mlp ${widths.join('-')}`, inputShape, classes, [
    flatten(inputShape),
    ...widths
      .slice(1)
      .map((units, i) =>
        dense(`dense${i + 1}`, widths[i]!, units, i === widths.length - 2 ? 'linear' : 'relu'),
      ),
  ])
}
