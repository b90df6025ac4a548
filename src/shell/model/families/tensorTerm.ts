/**
 * User-defined terms as functions of tensors that tfjs differentiates.
 *
 * The tape of tfjs records how the term depends on λ, the weights and the logits. It does not record how the logits depend on
 * the weights, because that backward pass is written by hand (Network.ts). Values and derivatives are float32: the relative
 * precision is 1e-7.
 */
import * as tf from '@tensorflow/tfjs-core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { scoped } from '../../backend/loadBackend.js'
import { registerGradients } from '../../backend/gradients.js'
import type { ShellError } from '../../base/ShellError.js'
import type { Network } from '../Network.js'
import type { Family, Term } from './Family.js'
import type { OwnTerm } from './OwnTerm.js'

/** The examples that a function of tensors gets. All tensors are disposed of after the function returns. */
export interface TensorBatch {
  /** B × height × width × channels. */
  readonly images: tf.Tensor4D
  /** B labels, int32. */
  readonly labels: tf.Tensor1D
  /** B × classes. */
  readonly logits: tf.Tensor2D
  /** N, the number of examples in the whole set of f. Divide a penalty by it, as L2 does. */
  readonly total: number
}

/** A user-defined term: its hyperparameters and a function of tensors. */
export interface OwnTensorTerm extends Omit<OwnTerm, 'term'> {
  /**
   * Returns the term. It must be a mean over the examples of the batch, or a function of λ and the weights alone.
   *
   * - `lambda`: d components, in the order of the search space
   * - `weights`: one tensor for each of `network.parameters`, in their order and with their shapes
   */
  readonly term: (lambda: tf.Tensor1D, weights: ReadonlyArray<tf.Tensor>, batch: TensorBatch) => tf.Tensor
}

const derivative = (slope: tf.Tensor | undefined): Float32Array | null =>
  slope === undefined ? null : slope.dataSync<'float32'>()

/** ∂/∂w as a flat vector, from the derivatives by the tensors. */
const flat = (
  { parameters, size }: Network,
  slopes: ReadonlyArray<tf.Tensor | undefined>,
): Float32Array | null => {
  const whole = new Float32Array(size)
  for (const [k, { offset }] of parameters.entries()) {
    const slope = derivative(slopes[k])
    if (slope !== null) whole.set(slope, offset)
  }
  return slopes.every(slope => slope === undefined) ? null : whole
}

/** The derivatives by the tfjs engine. If the function throws, the tensors saved on the tape are disposed of here. */
const differentiated = (f: () => tf.Tensor, by: Array<tf.Tensor>) => {
  const engine = tf.engine()
  try {
    // `true`: allow inputs that the function does not use; they have no derivative.
    return engine.gradients(f, by, undefined, true)
  } catch (cause) {
    for (const { saved } of engine.state.activeTape) tf.dispose(saved ?? [])
    engine.state.activeTape = []
    throw cause
  }
}

const termOf =
  (network: Network, { term }: OwnTensorTerm, lambda: ReadonlyArray<number>, total: number): Term =>
  (weights, examples) =>
    scoped(() => {
      const { labels } = examples
      const count = labels.length
      const at = tf.tensor1d([...lambda])
      const tensors = network.parameters.map(({ shape, offset, size }) =>
        tf.tensor(weights.slice(offset, offset + size), [...shape]),
      )
      const logits = tf.tensor2d(examples.logits, [count, network.classes])
      const { value, grads } = differentiated(() => {
        const found = term(at, tensors, {
          logits,
          total,
          labels: tf.tensor1d(Int32Array.from(labels), 'int32'),
          get images() {
            return tf.tensor4d(examples.images, [count, ...network.inputShape])
          },
        })
        if (found.size !== 1)
          throw new RangeError(
            `The term is a tensor of the shape [${found.shape.join(', ')}], but must be one number. Take its mean or its sum.`,
          )
        return found
      }, [at, ...tensors, logits])
      const [byLambda, ...others] = grads
      return {
        value: value.dataSync()[0]!,
        byLambda: Array.from(derivative(byLambda) ?? lambda.map(() => 0)),
        byWeights: flat(network, others),
        byLogits: derivative(others[tensors.length]),
      }
    })

/**
 * The family of a user-defined term that tfjs differentiates. Errors: `Environment` if `@tensorflow/tfjs`, which contains the
 * derivatives of tfjs' operations, is not installed.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { linear, type OwnTensorTerm, type TensorBatch, tensorTerm } from 'bilevel-hpo/shell'
 *
 * // exp(λ) times the mean square of the logits: tfjs finds the derivatives.
 * const term: OwnTensorTerm['term'] = (lambda, _, { logits }: TensorBatch) =>
 *   tf.mul(tf.exp(tf.sum(lambda)), tf.mean(tf.square(logits)))
 * const own: OwnTensorTerm = { space: [{ name: 'mine', lower: -8, upper: 2, scale: 'log' }], term }
 * const family = await tensorTerm(linear([3, 3, 1], 2))(own)()
 * E.isRight(family) && family.right.space[0]?.name // => 'mine'
 * ```
 */
export const tensorTerm =
  (network: Network) =>
  (own: OwnTensorTerm): TE.TaskEither<ShellError, Family> =>
    pipe(
      registerGradients,
      TE.map(() => ({
        space: own.space,
        linear: own.linear ?? false,
        changesCosts: false,
        at: (lambda, total) => ({ penalty: null, costs: null, term: termOf(network, own, lambda, total) }),
      })),
    )
