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
import type { Target } from './families/Family.js'
import type { Batch } from './Gradient.js'
import { between, gatherer, sparseImages } from './SparseImages.js'

/** Draws the next minibatch. The batch is overwritten by the next draw. */
export type Minibatches = () => Batch

/** The examples from … to − 1 of a set; with `sparse`, as sparse rows where that pays. */
export const piece = (set: ImageSet, from: number, to: number, sparse: boolean): Batch => {
  const labels = set.labels.subarray(from, to)
  const rows = sparse ? sparseImages(set) : null
  if (rows !== null) return { images: between(rows, from, to), labels }
  if (from === 0 && to === size(set)) return set
  const pixels = set.images.length / size(set)
  return { images: set.images.subarray(from * pixels, to * pixels), labels }
}

/** Copies of the chosen images, each time over those before. */
const gathering = (
  set: ImageSet,
  count: number,
  sparse: boolean,
): ((chosen: Int32Array) => Batch['images']) => {
  const rows = sparse ? sparseImages(set) : null
  if (rows !== null) return gatherer(rows, count)
  const pixels = set.images.length / size(set)
  const images = new Float32Array(count * pixels)
  return chosen => {
    for (let i = 0; i < count; i++)
      images.set(set.images.subarray(chosen[i]! * pixels, (chosen[i]! + 1) * pixels), i * pixels)
    return images
  }
}

/**
 * The sequence that `stream` names, `batchSize` examples at a time (the whole set, in its own order, where that is
 * `null` or no smaller than the set). With `sparse`, images come as sparse rows where that pays. `target`: what the examples
 * of the set cost, and so those of a minibatch.
 */
export const minibatches = (
  set: ImageSet,
  batchSize: number | null,
  stream: ReadonlyArray<number>,
  sparse = false,
  target: Target | null = null,
): Minibatches => {
  const count = size(set)
  if (batchSize === null || batchSize >= count) {
    const all = piece(set, 0, count, sparse)
    const whole: Batch = target === null ? all : { ...all, target }
    return () => whole
  }
  const gather = gathering(set, batchSize, sparse)
  const chosen = new Int32Array(batchSize)
  const labels = new Uint8Array(batchSize)
  const costs = target === null || target.examples === null ? null : new Float64Array(batchSize)
  const drawn = target === null ? { labels } : { labels, target: { ...target, examples: costs } }
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
      chosen[i] = example
      labels[i] = set.labels[example]!
      if (costs !== null) costs[i] = target!.examples![example]!
    }
    return { images: gather(chosen), ...drawn }
  }
}
