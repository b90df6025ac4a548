/**
 * Adds label noise, for experiments: a share of the training labels is replaced by random labels.
 *
 * Exactly round(share·N) examples are selected, and each gets a class drawn with equal probabilities. So one in `classes`
 * of them keeps its label by chance. The set keeps the true labels for reports; no training or selection uses them.
 */
import { make, permutation, uniforms } from '../../../core/numeric/Rng.js'
import { size, type ImageSet } from './ImageSet.js'

/** The random stream of this module, different from all others of the project: the bytes of "nois". */
const stream = 0x6e6f6973

/** The set with a share of its labels replaced, by seed. */
export const withLabelNoise =
  (share: number, seed: number) =>
  (set: ImageSet): ImageSet => {
    const [order, rng] = permutation(size(set))(make(seed, stream))
    const chosen = order.subarray(0, Math.round(share * size(set)))
    const [drawn] = uniforms(chosen.length)(rng)
    const labels = set.labels.slice()
    for (const [i, example] of chosen.entries()) labels[example] = Math.floor(drawn[i]! * set.classes)
    return { ...set, labels, truth: set.labels }
  }
