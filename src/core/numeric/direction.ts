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

/** p ← p + factor·a, and then bᵀp. In one pass, whose sum waits for its last term longer than for memory. */
const addThenDot = (factor: number, a: Float64Array, p: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < p.length; i++) {
    const moved = p[i]! + factor * a[i]!
    p[i] = moved
    sum += b[i]! * moved
  }
  return sum
}

/** p ← p + factor·a. */
const add = (factor: number, a: Float64Array, p: Float64Array): void => {
  for (let i = 0; i < p.length; i++) p[i]! += factor * a[i]!
}

/** v where its variable is free, 0 elsewhere. */
const restricted = (free: Uint8Array, v: Float64Array): Float64Array => {
  const kept = new Float64Array(v.length)
  for (let i = 0; i < v.length; i++) if (free[i] === 1) kept[i] = v[i]!
  return kept
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

type Measured = Required<Pair>

/** A pair with its products, which are then not computed again at every step. */
export const pairOf = (s: Float64Array, y: Float64Array): Measured => ({
  s,
  y,
  products: { sy: dot(s, y), yy: dot(y, y), ss: dot(s, s) },
})

const isMeasured = (pair: Pair): pair is Measured => pair.products !== undefined

const withProducts = (pair: Pair): Measured => (isMeasured(pair) ? pair : pairOf(pair.s, pair.y))

/** A pair as it is on the free variables alone. */
const restrictedPair = (free: Uint8Array, { s, y }: Pair): Measured =>
  pairOf(restricted(free, s), restricted(free, y))

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
    .map(pair => (whole ? withProducts(pair) : restrictedPair(free, pair)))
    .filter(({ products: { sy, yy, ss } }) => sy > 1e-12 * Math.sqrt(yy * ss) && sy > 0)
  const [oldest, latest] = [kept[0], kept[kept.length - 1]]
  if (oldest === undefined || latest === undefined) return O.none
  const p = new Float64Array(free.length)
  for (let i = 0; i < p.length; i++) if (free[i] === 1) p[i] = -g[i]!
  // Each pass adds what the dot product before it decided, and takes the next one.
  const shares = new Float64Array(kept.length)
  let product = addThenDot(0, latest.y, p, latest.s)
  for (let k = kept.length - 1; k > 0; k--) {
    const { y, products } = kept[k]!
    shares[k] = product / products.sy
    product = addThenDot(-shares[k]!, y, p, kept[k - 1]!.s)
  }
  shares[0] = product / oldest.products.sy
  add(-shares[0], oldest.y, p)
  const inverseCurvature = ({ products: { sy, yy } }: Measured): number => sy / yy
  const scale =
    scaling === 'latest'
      ? inverseCurvature(latest)
      : kept.reduce((most, pair) => Math.max(most, inverseCurvature(pair)), inverseCurvature(latest))
  for (let i = 0; i < p.length; i++) p[i] = p[i]! * scale
  product = addThenDot(0, oldest.s, p, oldest.y)
  for (let k = 0; k < kept.length - 1; k++) {
    const { s, products } = kept[k]!
    product = addThenDot(shares[k]! - product / products.sy, s, p, kept[k + 1]!.y)
  }
  add(shares[shares.length - 1]! - product / latest.products.sy, latest.s, p)
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
