/**
 * Copies images into the WebAssembly memory of a network once, so that a minibatch is only a list of addresses.
 *
 * Mostly dark images are stored as sparse rows: the column and value of each lit pixel. A dense layer starts with x·W + b.
 * If four fifths of x are zeros, as in MNIST, a product that skips them is four times as fast.
 */
import type { Instance } from '../../backend/kernels/assemblyMemory.js'
import type { RowList } from '../../backend/kernels/AssembledNetwork.js'
import { size, type ImageSet } from '../../data/set/ImageSet.js'
import { indicesOf, rangeOf, type Chosen } from '../../model/ExampleBatch.js'

/** Above this share of lit pixels, a dense product is nearly as fast as a sparse one (`test/bench/sparsity.ts`). */
export const mostLit = 0.6
/** At most this many bytes of sets are kept in memory. Further sets are copied batch by batch. */
const mostKept = 2 ** 28

/** Bytes of a pixel, and of an entry of a sparse row: its column and its value. */
const pixelSize = 4
const entrySize = 8

// A cache: the same sets are queried many times.
const litPixelCounts = new WeakMap<Float32Array, number>()

const litPixels = (images: Float32Array): number => {
  const cached = litPixelCounts.get(images)
  if (cached !== undefined) return cached
  let count = 0
  // On shared memory, an iterator takes twenty times as long as this loop, and a branch 1.5 times.
  for (let i = 0; i < images.length; i++) count += Number(images[i] !== 0)
  litPixelCounts.set(images, count)
  return count
}

/** Whether a set has so many dark pixels that skipping them is faster. */
export const isDark = ({ images }: ImageSet): boolean => litPixels(images) <= mostLit * images.length

/** The addresses of a set in memory: example i lies from starts[i] to starts[i + 1]. */
interface Kept {
  readonly starts: Uint32Array
  /** Cached transposes, by the name of the range of examples. */
  readonly transposes: Map<string, NonNullable<RowList['keep']>>
}

export interface PlacedImages {
  /** The examples of all batches as one list of rows. The list is valid until the next call. */
  readonly rows: (batches: ReadonlyArray<Chosen>) => RowList
}

/** A buffer that is replaced by a larger one when it is too small. */
const growingBuffer = (memory: Instance) => {
  let buffer = { address: 0, bytes: 0 }
  return (bytes: number): number => {
    if (bytes > buffer.bytes) {
      const address = memory.reserve(bytes)
      if (address === null) throw new Error('a batch needs more than 2 GB')
      buffer = { address, bytes }
    }
    return buffer.address
  }
}

/** Places images of `pixels` numbers in a module's memory. `most`: bytes of sets to keep; `sparse`: which sets to store as sparse rows. */
export const placedImages = (
  memory: Instance,
  pixels: number,
  { most = mostKept, sparse: isSparse = isDark } = {},
): PlacedImages => {
  const list = growingBuffer(memory)
  const scratch = growingBuffer(memory)
  // Reserved here, because nothing may be reserved while views of the memory are in use.
  const row = growingBuffer(memory)(pixels * pixelSize)
  const toSparse = memory.exported('sparse')
  const kept = [true, false].map(() => new WeakMap<Float32Array, Kept | null>())
  let bytesKept = 0

  /** Writes one image to an address. Returns the address after it. */
  const write = (sparse: boolean, images: Float32Array, example: number, address: number): number => {
    const from = sparse ? row : address
    memory.floats().set(images.subarray(example * pixels, (example + 1) * pixels), from / 4)
    return sparse ? Number(toSparse(from, pixels, address)) : address + pixels * pixelSize
  }

  const keep = (sparse: boolean, set: ImageSet): Kept | null => {
    const bytes = sparse ? litPixels(set.images) * entrySize : set.images.length * pixelSize
    const address = bytesKept + bytes > most ? null : memory.reserve(bytes)
    if (address === null) return null
    bytesKept += bytes
    const starts = new Uint32Array(size(set) + 1)
    starts[0] = address
    for (let i = 0; i < size(set); i++) starts[i + 1] = write(sparse, set.images, i, starts[i]!)
    return { starts, transposes: new Map() }
  }

  const keptOf = (sparse: boolean, set: ImageSet): Kept | null => {
    const among = kept[sparse ? 0 : 1]!
    const known = among.get(set.images)
    if (known !== undefined) return known
    const made = keep(sparse, set)
    among.set(set.images, made)
    return made
  }

  return {
    rows: batches => {
      const sparse = batches.every(({ set }) => isSparse(set))
      // Place sets first: this may grow the memory and invalidate views. Augmented images are new in every batch.
      const sets = batches.map(({ set, images }) => (images === undefined ? keptOf(sparse, set) : null))
      const indices = batches.map(indicesOf)
      const count = indices.reduce((sum, { length }) => sum + length, 0)
      const copied = indices.reduce((sum, { length }, k) => (sets[k] === null ? sum + length : sum), 0)
      const address = list(count * entrySize)
      let free = scratch(copied * pixels * (sparse ? entrySize : pixelSize))
      const words = memory.words()
      let at = address / 4
      let entries = 0
      for (const [k, { set, images }] of batches.entries()) {
        const there = sets[k]
        // The place of the example in the batch.
        let i = 0
        for (const example of indices[k]!) {
          const from = there ? there.starts[example]! : free
          const to = there
            ? there.starts[example + 1]!
            : images === undefined
              ? write(sparse, set.images, example, from)
              : write(sparse, images, i, from)
          if (!there) free = to
          i++
          words[at++] = from
          if (sparse) {
            words[at++] = to
            entries += (to - from) / entrySize
          }
        }
      }
      const [only, name] = [sets[0], batches.length === 1 ? rangeOf(batches[0]!) : null]
      let cell: RowList['keep'] = null
      if (sparse && only && name !== null) {
        cell = only.transposes.get(name) ?? { transposed: null }
        only.transposes.set(name, cell)
      }
      return { sparse, count, address, entries, keep: cell }
    },
  }
}
