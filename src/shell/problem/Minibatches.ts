/**
 * Which examples go into which minibatch.
 *
 * One endless sequence: a random permutation of the set, then another, …, cut into pieces of equal size. A piece may
 * span two permutations, so no minibatch is smaller (and noisier) than the others, and over any number of steps
 * no example is used more than once more often than another.
 */
import { make as makeRng, permutation, type Rng } from '../../core/numeric/Rng.js'
import type { ImageSet } from '../data/ImageSet.js'
import { size } from '../data/ImageSet.js'
import type { Batch } from './Gradient.js'

/** Draws the next minibatch. The batch is overwritten by the next draw. */
export type Minibatches = () => Batch

/**
 * The sequence that `stream` names, `batchSize` examples at a time (the whole set, in its own order, where that is
 * `null` or no smaller than the set).
 */
export const minibatches = (
  set: ImageSet,
  batchSize: number | null,
  stream: ReadonlyArray<number>,
): Minibatches => {
  const count = size(set)
  if (batchSize === null || batchSize >= count) return () => set
  const pixels = set.images.length / count
  const images = new Float32Array(batchSize * pixels)
  const labels = new Uint8Array(batchSize)
  let rng: Rng = makeRng(...stream)
  let order = new Int32Array(0)
  let next = 0
  return () => {
    for (let i = 0; i < batchSize; i++) {
      if (next === order.length) {
        const [drawn, after] = permutation(count)(rng)
        order = new Int32Array(drawn)
        rng = after
        next = 0
      }
      const example = order[next++]!
      images.set(set.images.subarray(example * pixels, (example + 1) * pixels), i * pixels)
      labels[i] = set.labels[example]!
    }
    return { images, labels }
  }
}
