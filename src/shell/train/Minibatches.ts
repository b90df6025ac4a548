/**
 * Chooses the examples of each minibatch.
 *
 * Random permutations of the set follow one another in an endless sequence, which is cut into minibatches of equal size.
 * A minibatch may span two permutations, so none is smaller (and noisier) than the others. After any number of steps, two
 * examples differ by at most one in how often they were used.
 */
import { make as makeRng, permutation, type Rng } from '../../core/numeric/Rng.js'
import { size, type ImageSet } from '../data/set/ImageSet.js'
import { whole, type ExampleBatch } from '../model/ExampleBatch.js'
import type { Target } from '../model/families/Family.js'
import { augmented, changes, type Augmentation } from './Augmentation.js'

/** Draws the next minibatch. The next draw overwrites the returned batch. */
export type Minibatches = () => ExampleBatch

/**
 * The sequence of minibatches that the random stream `stream` determines, `batchSize` examples each. If `batchSize` is
 * `null` or at least the set's size, every batch is the whole set in its own order. `targetNow` is asked at every draw for the
 * targets of the set's examples; a minibatch gets those of its own examples. `augmentation`: what is done to the images of minibatches; a whole set is
 * always plain, and the order of examples is the same with it.
 */
export const minibatches = (
  set: ImageSet,
  batchSize: number | null,
  stream: ReadonlyArray<number>,
  targetNow: () => Target | null = () => null,
  augmentation: Augmentation | null = null,
): Minibatches => {
  const count = size(set)
  if (batchSize === null || batchSize >= count) {
    const all = whole(set)
    return () => {
      const target = targetNow()
      return target === null ? all : { ...all, target }
    }
  }
  const examples = new Int32Array(batchSize)
  const labels = new Uint8Array(batchSize)
  const costs = new Float64Array(batchSize)
  const withTarget = (target: Target | null): ExampleBatch => {
    const plain = { set, examples, labels }
    if (target === null) return plain
    const own = target.examples
    if (own === null) return { ...plain, target }
    for (let i = 0; i < batchSize; i++) costs[i] = own[examples[i]!]!
    return { ...plain, target: { ...target, examples: costs } }
  }
  const imagesAt =
    augmentation === null || !changes(augmentation) ? null : augmented(set, augmentation, stream)
  let rng: Rng = makeRng(...stream)
  let order = new Int32Array(0)
  let next = 0
  return () => {
    for (let i = 0; i < batchSize; i++) {
      if (next === order.length) {
        const [permuted, after] = permutation(count)(rng)
        order = new Int32Array(permuted)
        rng = after
        next = 0
      }
      const example = order[next++]!
      examples[i] = example
      labels[i] = set.labels[example]!
    }
    const plain = withTarget(targetNow())
    return imagesAt === null ? plain : { ...plain, images: imagesAt(examples) }
  }
}
