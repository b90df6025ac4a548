/**
 * Descent directions of limited-memory BFGS, restricted to the variables that are free to move.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Box from './Box.js'

/** A step s and the change y of the gradient along it. */
export interface Pair {
  readonly s: Float64Array
  readonly y: Float64Array
  /** sᵀy, yᵀy and sᵀs over all components, where they are known already. */
  readonly products?: Products
}

interface Products {
  readonly sy: number
  readonly yy: number
  readonly ss: number
}

/** aᵀb over the components whose flag `on` is 1. */
export const dotOn = (on: Uint8Array, a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < on.length; i++) if (on[i] === 1) sum += a[i]! * b[i]!
  return sum
}

/** The same over all components, without the flags. */
const dotAll = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** to ← to + factor·a. */
const addAll = (factor: number, a: Float64Array, to: Float64Array): void => {
  for (let i = 0; i < to.length; i++) to[i]! += factor * a[i]!
}

const productsOn = (free: Uint8Array, { s, y }: Pair): Products => ({
  sy: dotOn(free, s, y),
  yy: dotOn(free, y, y),
  ss: dotOn(free, s, s),
})

/** A pair with its products, which are then not computed again at every step. */
export const pairOf = (s: Float64Array, y: Float64Array): Pair => ({
  s,
  y,
  products: productsOn(new Uint8Array(s.length).fill(1), { s, y }),
})

const maxAbs = (a: ArrayLike<number>): number => {
  let max = 0
  for (let i = 0; i < a.length; i++) max = Math.max(max, Math.abs(a[i]!))
  return max
}

/**
 * The inverse curvature that is assumed where the pairs say nothing. `latest`: that of the latest pair, as is usual.
 * `flattest`: the largest of all pairs. With pairs for every direction a curvature that is assumed too small costs a
 * line search once, but one that is too large costs many short steps.
 */
export type Scaling = 'latest' | 'flattest'

/**
 * −H g on the free variables, 0 elsewhere. H is the inverse Hessian estimate from the pairs whose restriction to the
 * free variables has positive curvature; `None` if there is no such pair.
 */
export const quasiNewton = (
  pairs: ReadonlyArray<Pair>,
  g: ArrayLike<number>,
  free: Uint8Array,
  scaling: Scaling = 'latest',
): O.Option<Float64Array> => {
  const whole = free.every(isFree => isFree === 1)
  const kept = pairs
    .map(pair => ({
      s: pair.s,
      y: pair.y,
      ...(whole && pair.products !== undefined ? pair.products : productsOn(free, pair)),
    }))
    .filter(({ sy, yy, ss }) => sy > 1e-12 * Math.sqrt(yy * ss) && sy > 0)
  const latest = kept[kept.length - 1]
  if (latest === undefined) return O.none
  const p = Float64Array.from(free, (isFree, i) => (isFree === 1 ? -g[i]! : 0))
  const dot = whole ? dotAll : (a: Float64Array, b: Float64Array): number => dotOn(free, a, b)
  const add = whole
    ? addAll
    : (factor: number, a: Float64Array): void => {
        for (let i = 0; i < p.length; i++) if (free[i] === 1) p[i] = p[i]! + factor * a[i]!
      }
  const shares = new Float64Array(kept.length)
  for (let k = kept.length - 1; k >= 0; k--) {
    const { s, y, sy } = kept[k]!
    const share = dot(s, p) / sy
    shares[k] = share
    add(-share, y, p)
  }
  const scale =
    scaling === 'latest'
      ? latest.sy / latest.yy
      : kept.reduce((most, { sy, yy }) => Math.max(most, sy / yy), latest.sy / latest.yy)
  for (let i = 0; i < p.length; i++) p[i] = p[i]! * scale
  for (const [k, { s, y, sy }] of kept.entries()) {
    const share = shares[k]! - dot(y, p) / sy
    add(share, s, p)
  }
  return O.some(p)
}

/** A first step length for steepest descent. It scales as x, f and g do (Hager & Zhang 2006, I0). */
const firstStep = (x: ReadonlyArray<number>, value: number, p: Float64Array): number => {
  const [size, steepness] = [maxAbs(x), maxAbs(p)]
  if (size > 0) return (0.01 * size) / steepness
  const square = p.reduce((sum, component) => sum + component * component, 0)
  return value === 0 ? 1 / Math.sqrt(square) : (0.01 * Math.abs(value)) / square
}

/** A descent direction, and how far to go along it. */
export interface Line {
  readonly free: Uint8Array
  readonly p: Float64Array
  readonly isSteepest: boolean
  /** gᵀp < 0. */
  readonly slope: number
  /** The first length to try. */
  readonly initialStep: number
  /** Beyond this length, x + α·p is outside the box. */
  readonly longestStep: number
}

/** The start of a line, with the known values of f around it. */
export interface Origin {
  readonly x: ReadonlyArray<number>
  readonly value: number
  readonly gradient: ReadonlyArray<number>
  /** Recent steps, oldest first. */
  readonly pairs: ReadonlyArray<Pair>
  /** The length of a steepest descent step that the latest curvature suggests. */
  readonly steepestStep: number | null
  readonly scaling: Scaling
}

/** The quasi-Newton direction if it is a descent direction, else that of steepest descent. */
export const lineFrom = (
  box: Box.Box,
  { x, value, gradient, pairs, steepestStep, scaling }: Origin,
): Line => {
  const free = Box.freeVariables(box, x, gradient)
  const newton = pipe(
    quasiNewton(pairs, gradient, free, scaling),
    O.filter(p => dotOn(free, gradient, p) < 0 && p.every(Number.isFinite)),
  )
  const isSteepest = O.isNone(newton)
  const p = isSteepest
    ? Float64Array.from(free, (isFree, i) => (isFree === 1 ? -gradient[i]! : 0))
    : newton.value
  return {
    free,
    p,
    isSteepest,
    slope: dotOn(free, gradient, p),
    initialStep: isSteepest ? (steepestStep ?? firstStep(x, value, p)) : 1,
    longestStep: Box.longestStep(box, x, p),
  }
}
