/**
 * The memory of L-BFGS, and the direction −H·g by the two-loop recursion (Nocedal & Wright 2006, algorithm 7.4).
 *
 * Notation: s change of the weights, y change of the gradient, both of length n; m pairs are kept, the latest ones. The book
 * takes 4·m passes over n numbers per direction. This takes 2·m, because one pass does both an addition and the next dot
 * product. Vectors are float32, like the weights; products are summed in float64.
 */
import type { Iterate, Vector, Vectors, WideVector } from '../backend/kernels/lbfgs.js'

interface Pair {
  readonly s: Vector
  readonly y: Vector
  readonly sy: number
  readonly yy: number
}

/** Pairs of differences of weights and gradients, which approximate the inverse Hessian H. */
export interface LbfgsMemory {
  /** The number of pairs. */
  readonly size: () => number
  /** Adds the pair `to` − `from`, if the curvature between them is positive. */
  readonly remember: (from: Iterate, to: Iterate) => void
  /** Drops all pairs and returns their vectors to the pool. */
  readonly forget: () => void
  /** Writes −H·g into `into`; −g if there is no pair. */
  readonly direction: (gradient: WideVector, into: Vector) => void
}

/** Creates an empty memory of at most `most` pairs. */
export const lbfgsMemory = (vectors: Vectors, most: number): LbfgsMemory => {
  // Oldest first.
  const pairs: Pair[] = []
  const giveBack = ({ s, y }: Pick<Pair, 's' | 'y'>): void => {
    vectors.giveBack(s)
    vectors.giveBack(y)
  }
  const takeTwo = (): Pick<Pair, 's' | 'y'> | null => {
    const s = vectors.take()
    const y = s === null ? null : vectors.take()
    if (s !== null && y !== null) return { s, y }
    if (s !== null) vectors.giveBack(s)
    return null
  }
  /** Vectors for one more pair; if the memory is full, those of the oldest pair. */
  const vectorsForPair = (): Pick<Pair, 's' | 'y'> | null => takeTwo() ?? pairs.shift() ?? null

  /** The two loops. `d` is −g before and −H·g after. */
  const twoLoops = (d: Vector): void => {
    const count = pairs.length
    const alphas = new Float64Array(count)
    const latest = pairs[count - 1]!
    let projection = vectors.dot(latest.s, d)
    for (let k = count - 1; k >= 0; k--) {
      const { y, sy } = pairs[k]!
      const alpha = projection / sy
      alphas[k] = alpha
      // The last pass of the first loop also computes the first product of the second loop.
      projection = vectors.addThenDot(d, -alpha, y, k > 0 ? pairs[k - 1]!.s : y)
    }
    const scale = latest.sy / latest.yy
    vectors.scale(d, scale)
    projection *= scale
    for (let k = 0; k < count; k++) {
      const { s, sy } = pairs[k]!
      projection = vectors.addThenDot(
        d,
        alphas[k]! - projection / sy,
        s,
        pairs[Math.min(k + 1, count - 1)]!.y,
      )
    }
  }

  return {
    size: () => pairs.length,
    remember: (from, to) => {
      const free = vectorsForPair()
      if (free === null) return
      const pair = { ...free, ...vectors.differences(from, to, free.s, free.y) }
      if (pair.sy > 1e-12 * pair.yy) pairs.push(pair)
      else giveBack(pair)
      if (pairs.length > most) giveBack(pairs.shift()!)
    },
    forget: () => {
      for (const pair of pairs.splice(0)) giveBack(pair)
    },
    direction: (gradient, into) => {
      vectors.negative(into, gradient)
      if (pairs.length > 0) twoLoops(into)
    },
  }
}
