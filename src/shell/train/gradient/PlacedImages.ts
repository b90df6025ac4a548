/**
 * Images in the memory of a network's WebAssembly, once and for all: a minibatch then is a list of addresses.
 *
 * Images of which most pixels are dark are sparse rows: the pixels that are lit, and where. A dense layer begins with x·W + b;
 * where four fifths of x are zeros, as in MNIST, a product that leaves them out is four times as fast.
 */
import type { Instance } from '../../backend/kernels/assemblyMemory.js'
import type { RowList } from '../../backend/kernels/DenseNetwork.js'
import { size, type ImageSet } from '../../data/set/ImageSet.js'
import { indicesOf, rangeOf, type Chosen } from '../../model/Batch.js'

/** Above this share of lit pixels a product with all of them is nearly as fast (`test/bench/sparsity.ts`). */
export const mostLit = 0.6
/** Sets beyond so many bytes altogether are not kept, but copied a batch at a time. */
const mostKept = 2 ** 28

/** Bytes of a pixel, and of an entry of a sparse row: its column and its value. */
const pixelSize = 4
const entrySize = 8

// A set is asked for again and again.
const known = new WeakMap<Float32Array, number>()

const litPixels = (images: Float32Array): number => {
  const before = known.get(images)
  if (before !== undefined) return before
  let count = 0
  // An iterator takes twenty times as long over shared memory, and a branch half as long again.
  for (let i = 0; i < images.length; i++) count += Number(images[i] !== 0)
  known.set(images, count)
  return count
}

/** Whether leaving a set's dark pixels out pays. */
export const isDark = ({ images }: ImageSet): boolean => litPixels(images) <= mostLit * images.length

/** Where a set lies: example i from starts[i] to starts[i + 1]. */
interface Kept {
  readonly starts: Uint32Array
  /** The transposes of ranges. */
  readonly transposes: Map<string, NonNullable<RowList['keep']>>
}

export interface PlacedImages {
  /** The examples below one another; they are there until the next are asked for. */
  readonly rows: (batches: ReadonlyArray<Chosen>) => RowList
}

/** A room that is made anew, and larger, where it is too small. */
const growing = (memory: Instance) => {
  let room = { address: 0, bytes: 0 }
  return (bytes: number): number => {
    if (bytes > room.bytes) {
      const address = memory.reserve(bytes)
      if (address === null) throw new Error('a batch needs more than 2 GB')
      room = { address, bytes }
    }
    return room.address
  }
}

/** Places images of `pixels` numbers in a module's memory. `most`: bytes of sets that are kept; `sparse`: of which sets rows are so. */
export const placedImages = (
  memory: Instance,
  pixels: number,
  { most = mostKept, sparse: isSparse = isDark } = {},
): PlacedImages => {
  const list = growing(memory)
  const scratch = growing(memory)
  // Taken now, for nothing may be while there are views of the memory.
  const row = growing(memory)(pixels * pixelSize)
  const toSparse = memory.exported('sparse')
  const kept = [true, false].map(() => new WeakMap<Float32Array, Kept | null>())
  let bytesKept = 0

  /** Writes one image to an address; returns the address behind it. */
  const write = (sparse: boolean, { images }: ImageSet, example: number, address: number): number => {
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
    for (let i = 0; i < size(set); i++) starts[i + 1] = write(sparse, set, i, starts[i]!)
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
      // Sets first: placing one may move the memory.
      const sets = batches.map(({ set }) => keptOf(sparse, set))
      const indices = batches.map(indicesOf)
      const count = indices.reduce((sum, { length }) => sum + length, 0)
      const copied = indices.reduce((sum, { length }, k) => (sets[k] === null ? sum + length : sum), 0)
      const address = list(count * entrySize)
      let free = scratch(copied * pixels * (sparse ? entrySize : pixelSize))
      const words = memory.words()
      let at = address / 4
      let entries = 0
      for (const [k, { set }] of batches.entries()) {
        const there = sets[k]
        for (const example of indices[k]!) {
          const from = there ? there.starts[example]! : free
          const to = there ? there.starts[example + 1]! : write(sparse, set, example, from)
          if (!there) free = to
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
