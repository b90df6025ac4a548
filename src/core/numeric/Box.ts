/**
 * A box of bounds l ≤ x ≤ u: projection, bound variables, and the longest step along a line. Lbfgs uses it.
 */

type Vec = ReadonlyArray<number>

/** Bounds of n variables. They may be ±Infinity, and a pair of them may be equal. */
export interface Box {
  readonly lower: Vec
  readonly upper: Vec
}

/** The nearest number to x within the bounds of variable i. Adding 0 turns −0 into 0. */
export const clamp = ({ lower, upper }: Box, x: number, i: number): number =>
  Math.min(upper[i]!, Math.max(lower[i]!, x)) + 0

/** Index of the first of n variables with l > u, or −1. */
export const crossing = ({ lower, upper }: Box, n: number): number =>
  lower.findIndex((l, i) => i < n && l > upper[i]!)

/** ‖P(x−g)−x‖∞: how far steepest descent can go before a bound stops it. 0 exactly at the stationary points. */
export const projectedGradient = ({ lower, upper }: Box, x: Vec, g: Vec): number => {
  let max = 0
  // Computing P(x−g)−x literally would round away a gradient that is small relative to x.
  for (let i = 0; i < x.length; i++) {
    const room = g[i]! > 0 ? x[i]! - lower[i]! : upper[i]! - x[i]!
    max = Math.max(max, Math.min(Math.abs(g[i]!), room))
  }
  return max
}

/** 1 for each variable that may move, 0 for those at a bound with −g pointing outward. */
export const freeVariables = ({ lower, upper }: Box, x: Vec, g: Vec): Uint8Array => {
  const free = new Uint8Array(x.length)
  for (let i = 0; i < x.length; i++)
    free[i] = (g[i]! > 0 && x[i]! <= lower[i]!) || (g[i]! < 0 && x[i]! >= upper[i]!) ? 0 : 1
  return free
}

/** The largest α with x + α·p in the box; may be infinite. */
export const longestStep = ({ lower, upper }: Box, x: Vec, p: ArrayLike<number>): number =>
  x.reduce((step, xi, i) => {
    const pi = p[i]!
    return pi === 0 ? step : Math.min(step, ((pi > 0 ? upper[i]! : lower[i]!) - xi) / pi)
  }, Infinity)
