/**
 * A term of one's own, as a function of tensors that tfjs differentiates.
 *
 * Its tape records what the function computes of λ, the weights and the logits; how the logits depend on the weights it does
 * not see, for that way back is written out (Network.ts). Values and derivatives are float32's: a relative 1e-7 of the value.
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

/** What a function of tensors is told of the examples. All of it is disposed of when the function has returned. */
export interface TensorBatch {
  /** B × height × width × channels. */
  readonly images: tf.Tensor4D
  /** B labels, int32. */
  readonly labels: tf.Tensor1D
  /** B × classes. */
  readonly logits: tf.Tensor2D
  /** N, how many examples the whole set has that f is a mean over; to divide a penalty by, as L2 is. */
  readonly total: number
}

/** A term of one's own: its hyperparameters, and a function of tensors. */
export interface OwnTensorTerm extends Omit<OwnTerm, 'term'> {
  /**
   * The term: a mean over the examples of the batch, or a function of λ and the weights alone.
   *
   * - `lambda`: d components, as the search space has them
   * - `weights`: a tensor for each of `network.parameters`, in that order and of those shapes
   */
  readonly term: (lambda: tf.Tensor1D, weights: ReadonlyArray<tf.Tensor>, batch: TensorBatch) => tf.Tensor
}

const derivative = (slope: tf.Tensor | undefined): Float32Array | null =>
  slope === undefined ? null : slope.dataSync<'float32'>()

/** ∂/∂w by flat weights from those by the tensors that it depends on. */
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

/** The engine's derivatives. Where the function fails, what the tape has kept for the way back is let go of here. */
const differentiated = (f: () => tf.Tensor, by: Array<tf.Tensor>) => {
  const engine = tf.engine()
  try {
    // What the function does not look at has no derivative, and needs none.
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
            `The term is a tensor of the shape [${found.shape.join(', ')}], and must be one number. Take its mean or its sum.`,
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
 * A family of a term of one's own, differentiated by tfjs. Errors: `Environment` where `@tensorflow/tfjs`, which has the
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
