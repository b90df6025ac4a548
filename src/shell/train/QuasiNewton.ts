/**
 * What L-BFGS remembers, and the direction it makes of that: −H·g by the two-loop recursion (Nocedal & Wright 2006,
 * algorithm 7.4).
 *
 * Notation: s change of the weights, y change of the gradient, both of n weights; the m latest pairs count. A direction
 * takes 4·m passes over n numbers in the book; here 2·m, each both of a step's halves, in float32, which the weights are in
 * anyway. Products are summed in float64.
 */
import type { Iterate, Vector, Vectors, WideVector } from '../backend/kernels/lbfgs.js'

interface Pair {
  readonly s: Vector
  readonly y: Vector
  readonly sy: number
  readonly yy: number
}

/** Differences of weights and gradients, and what they say of the curvature. */
export interface QuasiNewton {
  /** How many pairs are remembered. */
  readonly size: () => number
  /** Remembers `to` − `from`, unless the curvature between them is not positive. */
  readonly remember: (from: Iterate, to: Iterate) => void
  /** Forgets everything, and gives back what it took. */
  readonly forget: () => void
  /** Writes −H·g into `into`; −g where nothing is remembered. */
  readonly direction: (gradient: WideVector, into: Vector) => void
}

/** An empty memory of at most `most` pairs. */
export const quasiNewton = (vectors: Vectors, most: number): QuasiNewton => {
  // Latest last.
  const pairs: Pair[] = []
  const giveBack = ({ s, y }: Pick<Pair, 's' | 'y'>): void => {
    vectors.giveBack(s)
    vectors.giveBack(y)
  }
  const two = (): Pick<Pair, 's' | 'y'> | null => {
    const s = vectors.take()
    const y = s === null ? null : vectors.take()
    if (s !== null && y !== null) return { s, y }
    if (s !== null) vectors.giveBack(s)
    return null
  }
  /** Room for one pair more than count; where memory has none, that of the oldest. */
  const room = (): Pick<Pair, 's' | 'y'> | null => two() ?? pairs.shift() ?? null

  /** The two loops, over `d`, which is −g. */
  const turn = (d: Vector): void => {
    const count = pairs.length
    const alphas = new Float64Array(count)
    const latest = pairs[count - 1]!
    let projection = vectors.dot(latest.s, d)
    for (let k = count - 1; k >= 0; k--) {
      const { y, sy } = pairs[k]!
      const alpha = projection / sy
      alphas[k] = alpha
      // The last pass of the first loop makes the first product of the second.
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
      const free = room()
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
      if (pairs.length > 0) turn(into)
    },
  }
}
