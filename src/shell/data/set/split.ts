/**
 * Selects training and validation images from a pool. Pure and deterministic by seed.
 *
 * Classes are balanced as far as the pool allows. The nTrain + nValidation images are shared evenly among the classes; a
 * class with too few images gives all of them, and the others give more. Each class's share is divided between the two
 * sets in the ratio nTrain : nValidation, rounded by the largest remainder. So if no class is scarce, the numbers of
 * images of any two classes in a set differ by at most one.
 */
import * as E from 'fp-ts/lib/Either.js'
import { make, permutation } from '../../../core/numeric/Rng.js'

export interface SplitIndices {
  /** Indices into the pool, in random order. */
  readonly train: Int32Array
  readonly validation: Int32Array
}

/** The random stream of this module, different from all others of the project: the first four bytes of "split". */
const stream = 0x73706c69

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, x) => total + x, 0)

/** Shares `total` as evenly as `available` allows; the remainder goes to the first classes in `order`. */
export const evenShares = (
  available: ReadonlyArray<number>,
  total: number,
  order: Int32Array,
): ReadonlyArray<number> => {
  // Water filling: `level` is the largest integer such that min(capacity, level) over all classes sums to at most `total`.
  const levels = [...available].sort((a, b) => a - b)
  let left = total
  let level = 0
  for (const [k, capacity] of levels.entries()) {
    const open = levels.length - k
    const rise = Math.min(capacity - level, Math.floor(left / open))
    level += rise
    left -= rise * open
    if (level < capacity) break
  }
  const shares = available.map(capacity => Math.min(capacity, level))
  for (const c of order) {
    if (left > 0 && shares[c]! < available[c]!) {
      shares[c]! += 1
      left -= 1
    }
  }
  return shares
}

/** Each share times `part`/`sum(shares)`, rounded so that the sum is exactly `part`; ties go to the first in `order`. */
export const proportionalParts = (
  shares: ReadonlyArray<number>,
  part: number,
  order: Int32Array,
): ReadonlyArray<number> => {
  const total = sum(shares)
  const parts = shares.map(share => Math.floor((share * part) / total))
  const remainder = (c: number): number => (shares[c]! * part) % total
  const missing = part - sum(parts)
  for (const c of [...order].sort((a, b) => remainder(b) - remainder(a)).slice(0, missing)) parts[c]! += 1
  return parts
}

/**
 * Draws two disjoint sets from a pool.
 *
 * - `labels`: N labels in 0 … `classes` − 1
 *
 * Left: a clause that says that the pool is too small.
 */
export const stratified =
  (wanted: { readonly train: number; readonly validation: number; readonly seed: number }) =>
  (labels: Uint8Array, classes: number): E.Either<string, SplitIndices> => {
    const total = wanted.train + wanted.validation
    if (total > labels.length)
      return E.left(
        `${wanted.train} training and ${wanted.validation} validation images are ${total} together, ` +
          `but the source has only ${labels.length}`,
      )
    const [classOrder, rng] = permutation(classes)(make(wanted.seed, stream))
    const [order] = permutation(labels.length)(rng)
    const available = Array.from({ length: classes }, () => 0)
    for (const label of labels) available[label]! += 1
    const shares = evenShares(available, total, classOrder)
    const trainShares = proportionalParts(shares, wanted.train, classOrder)

    const train = new Int32Array(wanted.train)
    const validation = new Int32Array(wanted.validation)
    const taken = shares.map(() => 0)
    let t = 0
    let v = 0
    for (const index of order) {
      const c = labels[index]!
      if (taken[c]! < trainShares[c]!) train[t++] = index
      else if (taken[c]! < shares[c]!) validation[v++] = index
      taken[c]! += 1
    }
    return E.right({ train, validation })
  }
