/**
 * A box of bounds l ≤ x ≤ u, as a descent over it needs it: projection, bound variables, and how far a line goes.
 */

type Vec = ReadonlyArray<number>

/** Bounds of n variables; may be ±Infinity or touch. */
export interface Box {
  readonly lower: Vec
  readonly upper: Vec
}

/** The nearest number to x within the bounds of variable i. Adding 0 turns −0 into 0. */
export const clamp = ({ lower, upper }: Box, x: number, i: number): number =>
  Math.min(upper[i]!, Math.max(lower[i]!, x)) + 0

/** The first of n variables whose bounds leave no number, or −1. */
export const crossing = ({ lower, upper }: Box, n: number): number =>
  lower.findIndex((l, i) => i < n && l > upper[i]!)

/** ‖P(x−g)−x‖∞: how far steepest descent can go before a bound stops it. 0 exactly at the stationary points. */
export const projectedGradient = ({ lower, upper }: Box, x: Vec, g: Vec): number => {
  let max = 0
  // As written in the formula, P(x−g)−x would lose all of a gradient that is small against x.
  for (let i = 0; i < x.length; i++) {
    const room = g[i]! > 0 ? x[i]! - lower[i]! : upper[i]! - x[i]!
    max = Math.max(max, Math.min(Math.abs(g[i]!), room))
  }
  return max
}

/** 1 for each variable that may move, 0 for those that sit on a bound with −g pointing outward. */
export const freeVariables = ({ lower, upper }: Box, x: Vec, g: Vec): Uint8Array =>
  Uint8Array.from(x, (xi, i) => ((g[i]! > 0 && xi <= lower[i]!) || (g[i]! < 0 && xi >= upper[i]!) ? 0 : 1))

/** The largest α with x + α·p in the box; may be infinite. */
export const longestStep = ({ lower, upper }: Box, x: Vec, p: ArrayLike<number>): number =>
  x.reduce((step, xi, i) => {
    const pi = p[i]!
    return pi === 0 ? step : Math.min(step, ((pi > 0 ? upper[i]! : lower[i]!) - xi) / pi)
  }, Infinity)
