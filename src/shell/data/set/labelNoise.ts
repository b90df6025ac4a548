/**
 * Label noise, for experiments on it: a share of the training labels is replaced by labels drawn at random.
 *
 * Exactly round(share·N) examples are chosen; each gets any of the classes with equal probability, so that one in
 * `classes` of them keeps its label by chance. The truth stays with the set, for reports; nothing is trained or chosen by it.
 */
import { make, permutation, uniforms } from '../../../core/numeric/Rng.js'
import { size, type ImageSet } from './ImageSet.js'

/** Names this use of a seed among the project's others: "nois" in bytes. */
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
