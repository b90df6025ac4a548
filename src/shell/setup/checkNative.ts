/**
 * Checks that tfjs-node computes correctly: it compares a matrix product and a step of gradient descent with the cpu
 * backend.
 *
 * The setup runs this in a child process, since an incompatible native library may crash its process.
 */
import * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { make, normals } from '../../core/numeric/Rng.js'
import { choose } from '../backend/chooseBackend.js'
import type { Backend } from '../backend/Backend.js'
import { environment, type ShellError } from '../base/ShellError.js'

const [examples, inputs, hidden, classes] = [23, 17, 11, 5]

const matrix = (rows: number, columns: number, seed: number): tf.Tensor2D =>
  tf.tensor2d(Float32Array.from(normals(rows * columns)(make(seed))[0]), [rows, columns])

/** X·W₁, and W₁ and W₂ after a gradient step on the mean cross-entropy of softmax(relu(X·W₁)·W₂). */
const computed = (backend: Backend): ReadonlyArray<Float32Array> =>
  backend.tidy(() => {
    const [x, w1, w2] = [matrix(examples, inputs, 1), matrix(inputs, hidden, 2), matrix(hidden, classes, 3)]
    const labels = tf.oneHot(
      tf.tensor1d(
        Array.from({ length: examples }, (_, i) => i % classes),
        'int32',
      ),
      classes,
    )
    const before = tf.matMul(x, w1)
    const activations = tf.relu(before)
    const d = tf.div(tf.sub(tf.softmax(tf.matMul(activations, w2)), labels), examples)
    const d2: tf.Tensor = tf.matMul(activations, d, true, false)
    const dHidden = tf.mul(tf.matMul(d, w2, false, true), tf.step(before))
    const d1: tf.Tensor = tf.matMul(x, dHidden, true, false)
    return [before, tf.sub(w1, tf.mul(0.5, d1)), tf.sub(w2, tf.mul(0.5, d2))].map(tensor =>
      Float32Array.from(tensor.dataSync()),
    )
  })

/** Each product sums at most 23 terms of order one, in float32. */
const tolerance = 1e-4

const largestDifference = (a: ReadonlyArray<Float32Array>, b: ReadonlyArray<Float32Array>): number => {
  let largest = 0
  for (const [k, values] of a.entries()) {
    const others = b[k]!
    if (values.length !== others.length) return Infinity
    for (const [i, value] of values.entries()) {
      const difference = Math.abs(value - others[i]!)
      if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference
    }
  }
  return largest
}

/** Says in a sentence that tfjs-node works. Errors: `Environment` if tfjs-node does not load, or computes something else. */
export const checkNative: TE.TaskEither<ShellError, string> = pipe(
  TE.Do,
  TE.bind('node', () => choose('node')),
  TE.bind('cpu', () => choose('cpu')),
  TE.chainEitherK(({ node, cpu }) => {
    const difference = largestDifference(computed(node), computed(cpu))
    return difference <= tolerance
      ? E.right(
          `tfjs-node ${node.versions['@tensorflow/tfjs-node'] ?? ''} works: a matrix product and a gradient step agree ` +
            `with the cpu backend to ${difference.toExponential(0)}.`,
        )
      : E.left(
          environment(
            `tfjs-node loads, but a matrix product or a gradient step differs by ${difference.toExponential(1)} from ` +
              `that of the cpu backend (allowed: ${tolerance}). Do not use it; --backend wasm computes correctly.`,
          ),
        )
  }),
)
