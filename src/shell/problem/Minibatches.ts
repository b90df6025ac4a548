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
import { litIn, litValues } from './LitPixels.js'

/** Draws the next minibatch. The batch is overwritten by the next draw. */
export type Minibatches = () => Batch

/**
 * The sequence that `stream` names, `batchSize` examples at a time (the whole set, in its own order, where that is
 * `null` or no smaller than the set). With `onlyLit`, images may come without the pixels that are zero in the whole set.
 * `target`: what the examples of the set cost, and so those of a minibatch.
 */
export const minibatches = (
  set: ImageSet,
  batchSize: number | null,
  stream: ReadonlyArray<number>,
  onlyLit = false,
  target: Target | null = null,
): Minibatches => {
  const count = size(set)
  const all: Batch = onlyLit ? litBatch(set, 0, count) : set
  const whole: Batch = target === null ? all : { ...all, target }
  if (batchSize === null || batchSize >= count) return () => whole
  // The pixels that are dark in the whole set: to look for those of each batch costs more than it saves.
  const pixels = whole.images.length / count
  const images = new Float32Array(batchSize * pixels)
  const labels = new Uint8Array(batchSize)
  const costs = target === null || target.examples === null ? null : new Float64Array(batchSize)
  const batch: Batch = {
    images,
    labels,
    ...(whole.lit === undefined ? {} : { lit: whole.lit }),
    ...(target === null ? {} : { target: { ...target, examples: costs } }),
  }
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
      images.set(whole.images.subarray(example * pixels, (example + 1) * pixels), i * pixels)
      labels[i] = set.labels[example]!
      if (costs !== null) costs[i] = target!.examples![example]!
    }
    return batch
  }
}

/** Above this many values (64 MB) no second, smaller copy of a set's images is kept. */
const mostKept = 2 ** 24

// Whole sets are gone through again and again, always in the same pieces.
const pieces = new WeakMap<Float32Array, Map<string, Batch>>()

/** The images from … to − 1 of a set, without pixels that are zero in all of them. */
export const litBatch = (set: ImageSet, from: number, to: number): Batch => {
  const pixels = set.images.length / size(set)
  const plain = {
    images: set.images.subarray(from * pixels, to * pixels),
    labels: set.labels.subarray(from, to),
  }
  if (set.images.length > mostKept) return plain
  const kept = pieces.get(set.images) ?? new Map<string, Batch>()
  pieces.set(set.images, kept)
  const key = `${from} ${to}`
  const found = kept.get(key)
  if (found !== undefined) return found
  const lit = litIn(set, from, to)
  const batch = lit === null ? plain : { images: litValues(set, from, to, lit), labels: plain.labels, lit }
  kept.set(key, batch)
  return batch
}
