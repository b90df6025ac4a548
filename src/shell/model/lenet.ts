/**
 * LeNet-5 (LeCun et al. 1998), with ReLU and max pooling instead of tanh and averages.
 *
 * conv 6@5×5 – pool – conv 16@5×5 – pool – dense 120 – dense 84 – dense classes. The first convolution pads images below
 * 32×32, such as those of MNIST, so that both 28×28 and the original 32×32 give 5×5×16 before the dense layers.
 */
import { convolution, dense, flatten, maxPool, type Shape } from './Layer.js'
import { sequential, type Network } from './Network.js'

const spatial = (shape: Shape): readonly [number, number, number] => [shape[0]!, shape[1]!, shape[2]!]

/** The smallest height and width that can be pooled twice. */
export const smallestSide = 12

/**
 * LeNet-5 with ReLU and max pooling, for images of height × width × channels. Height and width must be at least 12.
 * Source: LeCun et al. 1998.
 *
 * @example
 * ```ts
 * import { lenet, type Network } from 'bilevel-hpo/shell'
 *
 * const network: Network = lenet([32, 32, 3], 10)
 * network.size // => 62006
 * ```
 */
export const lenet = (inputShape: readonly [number, number, number], classes: number): Network => {
  const [height, width, channels] = inputShape
  const padding = Math.min(height, width) < 32 ? 'same' : 'valid'
  const conv1 = convolution('conv1', inputShape, 6, 5, padding)
  const pool1 = maxPool(spatial(conv1.outputShape))
  const conv2 = convolution('conv2', spatial(pool1.outputShape), 16, 5, 'valid')
  const pool2 = maxPool(spatial(conv2.outputShape))
  const flat = flatten(pool2.outputShape)
  return sequential(`lenet ${height}×${width}×${channels}`, inputShape, classes, [
    conv1,
    pool1,
    conv2,
    pool2,
    flat,
    dense('dense1', flat.outputShape[0]!, 120, 'relu'),
    dense('dense2', 120, 84, 'relu'),
    dense('dense3', 84, classes, 'linear'),
  ])
}
