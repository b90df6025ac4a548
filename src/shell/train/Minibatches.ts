/**
 * Which examples go into which minibatch.
 *
 * One endless sequence: a random permutation of the set, then another, …, cut into pieces of equal size. A piece may
 * span two permutations, so no minibatch is smaller (and noisier) than the others, and over any number of steps
 * no example is used more than once more often than another.
 */
import { make as makeRng, permutation, type Rng } from '../../core/numeric/Rng.js'
import { size, type ImageSet } from '../data/set/ImageSet.js'
import { whole, type Batch } from '../model/Batch.js'
import type { Target } from '../model/families/Family.js'

/** Draws the next minibatch. The batch is overwritten by the next draw. */
export type Minibatches = () => Batch

/**
 * The sequence that `stream` names, `batchSize` examples at a time (the whole set, in its own order, where that is
 * `null` or no smaller than the set). `target`: what the examples of the set cost, and so those of a minibatch.
 */
export const minibatches = (
  set: ImageSet,
  batchSize: number | null,
  stream: ReadonlyArray<number>,
  target: Target | null = null,
): Minibatches => {
  const count = size(set)
  if (batchSize === null || batchSize >= count) {
    const all: Batch = target === null ? whole(set) : { ...whole(set), target }
    return () => all
  }
  const examples = new Int32Array(batchSize)
  const labels = new Uint8Array(batchSize)
  const costs = target === null || target.examples === null ? null : new Float64Array(batchSize)
  const drawn: Batch = {
    set,
    examples,
    labels,
    ...(target === null ? {} : { target: { ...target, examples: costs } }),
  }
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
      if (costs !== null) costs[i] = target!.examples![example]!
    }
    return drawn
  }
}
