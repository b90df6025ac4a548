/**
 * Labelled images as bytes, from which splits are drawn. So only the drawn images (1,000 of 60,000, say) become floats.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import type { IdxImages } from '../formats/idx.js'
import { sharedFloats, type ImageSet } from './ImageSet.js'

export interface Pool {
  /** N × height × width × channels bytes in 0…255, row-major. */
  readonly pixels: Uint8Array
  /** N labels in 0 … classes − 1. */
  readonly labels: Uint8Array
  readonly shape: ImageSet['shape']
  readonly classes: number
  /** What white is in `pixels`; 255 by default. */
  readonly scale?: number
}

/** A pool of images and their labels, whose numbers must be equal. */
export const make = (images: IdxImages, labels: Uint8Array, classes: number): E.Either<string, Pool> =>
  images.count === labels.length
    ? E.right({ pixels: images.pixels, labels, shape: [images.height, images.width, 1], classes })
    : E.left(`there are ${images.count} images, but ${labels.length} labels`)

/** Concatenates pools of equal shape. */
export const joined = (pools: ReadonlyNonEmptyArray<Pool>): Pool => {
  if (pools.length === 1) return pools[0]
  const pixels = new Uint8Array(pools.reduce((sum, pool) => sum + pool.pixels.length, 0))
  const labels = new Uint8Array(pools.reduce((sum, pool) => sum + pool.labels.length, 0))
  let image = 0
  let pixel = 0
  for (const pool of pools) {
    pixels.set(pool.pixels, pixel)
    labels.set(pool.labels, image)
    pixel += pool.pixels.length
    image += pool.labels.length
  }
  return { ...pools[0], pixels, labels }
}

/** The images with these indices, in this order, scaled to [0, 1]. They are in shared memory, for worker threads. */
export const select =
  (indices: Int32Array) =>
  ({ pixels, labels, shape, classes, scale = 255 }: Pool): ImageSet => {
    const length = shape[0] * shape[1] * shape[2]
    const images = sharedFloats(indices.length * length)
    for (let i = 0; i < indices.length; i++) {
      const from = indices[i]! * length
      for (let p = 0; p < length; p++) images[i * length + p] = pixels[from + p]! / scale
    }
    return { images, labels: Uint8Array.from(indices, index => labels[index]!), shape, classes }
  }

/** All images of the pool in their order, scaled to [0, 1]. */
export const all = (pool: Pool): ImageSet => select(Int32Array.from(pool.labels.keys()))(pool)
