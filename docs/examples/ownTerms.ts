import * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  checkFamily,
  chooseBackend,
  combinedHyperparameters,
  groupingOf,
  initialWeights,
  l2,
  ownTerm,
  tensorTerm,
  type Family,
  type ImageSet,
  type Network,
} from '../../src/shell/index.js'

/** exp(λ)·‖Kᵀ·K − I‖² / N of the first layer's kernel K. It pushes the units to look at different things. */
export const orthogonality = (network: Network) =>
  tensorTerm(network)({
    space: [{ name: 'orthogonality', lower: -6, upper: 6, scale: 'log' }],
    linear: true,
    term: (lambda, [kernel], { total }) => {
      const products = tf.matMul(kernel!, kernel!, true, false)
      const excess = tf.sub(products, tf.eye(products.shape[0]))
      return tf.mul(tf.exp(lambda), tf.div(tf.sum(tf.square(excess)), total))
    },
  })

/** −exp(λ) times the mean entropy of the predictions (Pereyra et al. 2017). It penalises overconfidence. */
export const confidence: Family = ownTerm({
  space: [{ name: 'confidence', lower: -8, upper: 0, scale: 'log' }],
  linear: true,
  term: ([lambda], _, { logits, labels }) => {
    const [examples, strength] = [labels.length, Math.exp(lambda!)]
    const classes = logits.length / examples
    const byLogits = new Float64Array(logits.length)
    let value = 0
    for (let start = 0; start < logits.length; start += classes) {
      const row = logits.subarray(start, start + classes)
      const largest = Math.max(...row)
      const norm = Math.log(row.reduce((sum, z) => sum + Math.exp(z - largest), 0)) + largest
      const negentropy = row.reduce((sum, z) => sum + Math.exp(z - norm) * (z - norm), 0)
      value += (strength * negentropy) / examples
      row.forEach((z, j) => {
        byLogits[start + j] = (strength * Math.exp(z - norm) * (z - norm - negentropy)) / examples
      })
    }
    return { value, byLambda: [value], byWeights: null, byLogits }
  },
})

/** Both terms and L2 on the whole network, as the hyperparameters of a `Problem`. Left if a derivative is wrong. */
export const checkedHyperparameters = (network: Network, set: ImageSet) =>
  pipe(
    TE.Do,
    TE.bind('backend', () => chooseBackend('auto')),
    TE.bind('own', () => orthogonality(network)),
    TE.bind('groups', () => TE.fromEither(groupingOf(network, 'model', undefined))),
    TE.chainEitherKW(({ backend, own, groups }) => {
      const families = [own, confidence, l2(network, groups, { lower: -10, upper: 4 })]
      return pipe(
        families,
        E.traverseArray(family =>
          checkFamily(backend, network)(family, {
            lambda: family.space.map(() => -1),
            weights: initialWeights(network)(0),
            set,
          }),
        ),
        E.map(found => found.flat()),
        E.filterOrElseW(
          found => found.length === 0,
          found => new Error(found.map(({ message }) => message).join('\n')),
        ),
        E.chainW(() => combinedHyperparameters(network)(families)),
      )
    }),
  )
