/**
 * Softmax regression with one L2 coefficient per group of pixels, and the gradient of its validation loss by λ through
 * the implicit function theorem. It is an independent truth for docs/many.md: it shares only the formulas of f and F
 * with the method.
 *
 * Notation
 * - N, P, C: training examples, pixels, classes. w: (P + 1)·C, row-major, the last row the biases, which nothing regularizes.
 * - r: decay of each row, exp(λ_k)/(2N) of its group k; 0 of the biases. f(λ, w) = L(w) + ½ Σ r·w², L the mean cross-entropy.
 * - H = ∇²f, positive definite up to a constant added to all biases, which changes neither loss.
 * - ∇_λ F(w*(λ)) = −(∂²f/∂w∂λ)ᵀ·q with H·q = ∇F, so −Σ r·w·q over the weights of a group (Pedregosa 2016).
 *
 * All in float64.
 */
import type { ImageSet } from '../../src/shell/data/set/ImageSet.js'

/** The pixels of each image that are not zero, and a last column of ones. */
interface Rows {
  readonly count: number
  readonly classes: number
  readonly columns: number
  readonly starts: Int32Array
  readonly column: Int32Array
  readonly value: Float64Array
  readonly labels: Uint8Array
}

/**
 * The column of each pixel; −1 for pixels that are zero in every training image: their weights are 0 at every minimum.
 */
const columnsOf = ({ images, labels }: ImageSet): Int32Array => {
  const pixels = images.length / labels.length
  const lit = new Uint8Array(pixels)
  images.forEach((x, i) => {
    if (x !== 0) lit[i % pixels] = 1
  })
  let column = 0
  return Int32Array.from(lit, isLit => (isLit === 1 ? column++ : -1))
}

const rowsOf = ({ images, labels, classes }: ImageSet, columnOf: Int32Array): Rows => {
  const count = labels.length
  const pixels = columnOf.length
  const columns = columnOf.reduce((most, column) => Math.max(most, column), -1) + 2
  const starts = new Int32Array(count + 1)
  const column = new Int32Array(images.length + count)
  const value = new Float64Array(images.length + count)
  let at = 0
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < pixels; p++) {
      const x = images[i * pixels + p]!
      if (x === 0 || columnOf[p]! < 0) continue
      column[at] = columnOf[p]!
      value[at++] = x
    }
    column[at] = columns - 1
    value[at++] = 1
    starts[i + 1] = at
  }
  return { count, classes, columns, starts, column: column.slice(0, at), value: value.slice(0, at), labels }
}

/** X·w, count × C. */
const product = ({ count, classes: C, starts, column, value }: Rows, w: Float64Array): Float64Array => {
  const out = new Float64Array(count * C)
  for (let i = 0; i < count; i++)
    for (let at = starts[i]!; at < starts[i + 1]!; at++) {
      const x = value[at]!
      const from = column[at]! * C
      for (let c = 0; c < C; c++) out[i * C + c]! += x * w[from + c]!
    }
  return out
}

/** Xᵀ·u / count, (P + 1) × C. */
const transposed = (
  { count, classes: C, columns, starts, column, value }: Rows,
  u: Float64Array,
): Float64Array => {
  const out = new Float64Array(columns * C)
  for (let i = 0; i < count; i++)
    for (let at = starts[i]!; at < starts[i + 1]!; at++) {
      const x = value[at]! / count
      const to = column[at]! * C
      for (let c = 0; c < C; c++) out[to + c]! += x * u[i * C + c]!
    }
  return out
}

interface Fit {
  /** The mean cross-entropy. */
  readonly loss: number
  /** count × C. */
  readonly probabilities: Float64Array
}

const fit = (rows: Rows, w: Float64Array): Fit => {
  const { count, classes: C, labels } = rows
  const p = product(rows, w)
  let loss = 0
  for (let i = 0; i < count; i++) {
    let [most, sum] = [-Infinity, 0]
    for (let c = 0; c < C; c++) most = Math.max(most, p[i * C + c]!)
    const own = p[i * C + labels[i]!]! - most
    for (let c = 0; c < C; c++) {
      const e = Math.exp(p[i * C + c]! - most)
      p[i * C + c] = e
      sum += e
    }
    loss += Math.log(sum) - own
    for (let c = 0; c < C; c++) p[i * C + c]! /= sum
  }
  return { loss: loss / count, probabilities: p }
}

const lossGradient = (rows: Rows, { probabilities }: Fit): Float64Array => {
  const residual = probabilities.slice()
  for (let i = 0; i < rows.count; i++) residual[i * rows.classes + rows.labels[i]!]! -= 1
  return transposed(rows, residual)
}

/** ∇²L·v. */
const curved = (rows: Rows, { probabilities: p }: Fit, v: Float64Array): Float64Array => {
  const { count, classes: C } = rows
  const u = product(rows, v)
  for (let i = 0; i < count; i++) {
    let mean = 0
    for (let c = 0; c < C; c++) mean += p[i * C + c]! * u[i * C + c]!
    for (let c = 0; c < C; c++) u[i * C + c] = p[i * C + c]! * (u[i * C + c]! - mean)
  }
  return transposed(rows, u)
}

/** L of a positive definite matrix L·Lᵀ, n × n row-major, written over its lower triangle. */
const factored = (a: Float64Array, n: number): Float64Array => {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!
    }
  return a
}

/** Overwrites b with (L·Lᵀ)⁻¹·b. */
const backSubstituted = (l: Float64Array, n: number, b: Float64Array): void => {
  for (let i = 0; i < n; i++) {
    let sum = b[i]!
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * b[k]!
    b[i] = sum / l[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = (b[i]! /= l[i * n + i]!)
    // By rows of L, which are contiguous in memory.
    for (let k = 0; k < i; k++) b[k]! -= l[i * n + k]! * x
  }
}

/** v ↦ M⁻¹·v, where M is H without the blocks that couple classes: one positive definite matrix per class. */
type Preconditioner = (v: Float64Array) => Float64Array

const preconditionerOf = (rows: Rows, { probabilities: p }: Fit, r: Float64Array): Preconditioner => {
  const { count, classes: C, columns: n, starts, column, value } = rows
  const factors = Array.from({ length: C }, (_, c) => {
    const a = new Float64Array(n * n)
    for (let i = 0; i < count; i++) {
      const weight = (p[i * C + c]! * (1 - p[i * C + c]!)) / count
      for (let at = starts[i]!; at < starts[i + 1]!; at++) {
        const x = weight * value[at]!
        const row = column[at]! * n
        // Columns of a row ascend, so this is the lower triangle.
        for (let other = starts[i]!; other <= at; other++) a[row + column[other]!]! += x * value[other]!
      }
    }
    for (let k = 0; k < n; k++) a[k * n + k]! += r[k * C + c]! + 1e-10
    return factored(a, n)
  })
  const one = new Float64Array(n)
  return v => {
    const out = new Float64Array(v.length)
    for (let c = 0; c < C; c++) {
      for (let k = 0; k < n; k++) one[k] = v[k * C + c]!
      backSubstituted(factors[c]!, n, one)
      for (let k = 0; k < n; k++) out[k * C + c] = one[k]!
    }
    // A shift common to all classes changes no loss. Gradients do not contain it, so remove it from steps.
    for (let k = 0; k < n; k++) {
      let mean = 0
      for (let c = 0; c < C; c++) mean += out[k * C + c]! / C
      for (let c = 0; c < C; c++) out[k * C + c]! -= mean
    }
    return out
  }
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a))

/** x + s·d. */
const moved = (x: Float64Array, s: number, d: Float64Array): Float64Array => x.map((xi, i) => xi + s * d[i]!)

/** Conjugate gradients from `start` until ‖b − A·x‖ ≤ tolerance, with the number of iterations. */
const conjugateGradients = (
  times: (v: Float64Array) => Float64Array,
  inverse: Preconditioner,
  b: Float64Array,
  start: Float64Array,
  tolerance: number,
  most: number,
) => {
  const x = start.slice()
  const r = moved(b, -1, times(x))
  let z = inverse(r)
  let d = z
  let rz = dot(r, z)
  let iterations = 0
  for (; iterations < most && norm(r) > tolerance; iterations++) {
    const a = times(d)
    const step = rz / dot(d, a)
    for (let i = 0; i < x.length; i++) {
      x[i]! += step * d[i]!
      r[i]! -= step * a[i]!
    }
    z = inverse(r)
    const next = dot(r, z)
    d = moved(z, next / rz, d)
    rz = next
  }
  return { x, iterations }
}

/** Required accuracy of minima and gradients. */
interface Accuracy {
  /** Limit on ‖∇_w f‖. */
  readonly weights: number
  /** Relative residual of the linear system for a gradient by λ, relative to ‖∇F‖. */
  readonly adjoint: number
}
const customary: Accuracy = { weights: 1e-7, adjoint: 1e-5 }
/** A preconditioner is renewed once a system takes more than `patience` iterations with it. */
const limits = { newtonSteps: 60, iterations: 3000, patience: 60 } as const

/** w*(λ) with its values. */
export interface Solution {
  readonly weights: Float64Array
  /** f(λ, w*). */
  readonly lower: number
  /** ‖∇_w f(λ, w*)‖. */
  readonly gradientNorm: number
}

/** F(w*(λ)) with its gradient by λ. */
export interface Hypergradient extends Solution {
  readonly upper: number
  readonly gradient: ReadonlyArray<number>
}

/**
 * A training set whose pixel p is in the group `groupOf[p]`, and a validation set. Every solution starts from the
 * previous one, whatever its λ. f is strictly convex where it matters, so the start changes only the time.
 */
export const softmaxRegression = (
  train: ImageSet,
  validation: ImageSet,
  groupOf: Int32Array,
  accuracy: Accuracy = customary,
) => {
  const columnOf = columnsOf(train)
  const [rows, held] = [rowsOf(train, columnOf), rowsOf(validation, columnOf)]
  const { columns, classes: C } = rows
  const dimension = groupOf.reduce((most, k) => Math.max(most, k), -1) + 1
  const decays = (lambda: ReadonlyArray<number>): Float64Array => {
    const r = new Float64Array(columns * C)
    groupOf.forEach((k, p) => {
      const column = columnOf[p]!
      if (column >= 0) r.fill(Math.exp(lambda[k]!) / (2 * rows.count), column * C, (column + 1) * C)
    })
    return r
  }
  const penalty = (r: Float64Array, w: Float64Array): number =>
    w.reduce((sum, wi, i) => sum + (r[i]! * wi * wi) / 2, 0)

  let inverse: Preconditioner | null = null
  /** H⁻¹·b. */
  const inverseTimes = (
    r: Float64Array,
    at: Fit,
    b: Float64Array,
    start: Float64Array,
    tolerance: number,
  ): Float64Array => {
    const times = (v: Float64Array): Float64Array => {
      const out = curved(rows, at, v)
      for (let i = 0; i < out.length; i++) out[i]! += r[i]! * v[i]!
      return out
    }
    inverse ??= preconditionerOf(rows, at, r)
    const { x, iterations } = conjugateGradients(times, inverse, b, start, tolerance, limits.iterations)
    if (iterations > limits.patience) inverse = null
    return x
  }

  let latest: Float64Array = new Float64Array(columns * C)
  /** Newton's method on f(λ, ·). Conjugate gradients solve for each step, to an accuracy that suits it. */
  const solve = (lambda: ReadonlyArray<number>): Solution => {
    const r = decays(lambda)
    let w = latest
    let at = fit(rows, w)
    let value = at.loss + penalty(r, w)
    const gradientHere = (): Float64Array => lossGradient(rows, at).map((g, i) => g + r[i]! * w[i]!)
    let gradient = gradientHere()
    for (let k = 0; k < limits.newtonSteps && norm(gradient) > accuracy.weights; k++) {
      const size = norm(gradient)
      const down = gradient.map(g => -g)
      const none = new Float64Array(w.length)
      const step = inverseTimes(r, at, down, none, size * Math.min(0.1, Math.sqrt(size)))
      const slope = dot(gradient, step)
      for (let trial = 0, length = 1; trial < 40; trial++, length /= 2) {
        const there = moved(w, length, step)
        const fitThere = fit(rows, there)
        const valueThere = fitThere.loss + penalty(r, there)
        // Near the minimum rounding hides the decrease, so trust Newton's step.
        if (valueThere > value + 1e-4 * length * slope + 1e-14 * Math.abs(value)) continue
        w = there
        at = fitThere
        value = valueThere
        break
      }
      gradient = gradientHere()
    }
    latest = w
    return { weights: w, lower: value, gradientNorm: norm(gradient) }
  }

  let adjoint: Float64Array = new Float64Array(columns * C)
  /** F at the solution for λ, and its gradient. */
  const hypergradient = (lambda: ReadonlyArray<number>): Hypergradient => {
    const solution = solve(lambda)
    const { weights: w } = solution
    const r = decays(lambda)
    const upper = fit(held, w)
    const b = lossGradient(held, upper)
    adjoint = inverseTimes(r, fit(rows, w), b, adjoint, accuracy.adjoint * norm(b))
    const gradient = new Array<number>(dimension).fill(0)
    groupOf.forEach((k, p) => {
      const column = columnOf[p]!
      if (column < 0) return
      for (let i = column * C; i < (column + 1) * C; i++) gradient[k]! -= r[i]! * w[i]! * adjoint[i]!
    })
    return { ...solution, upper: upper.loss, gradient }
  }

  return {
    dimension,
    solve,
    hypergradient,
    /** The mean cross-entropy over any set. */
    lossOn: (set: ImageSet, { weights }: Solution): number => fit(rowsOf(set, columnOf), weights).loss,
  }
}

/** The block of `side` × `side` pixels that each pixel of a square image is in. */
export const blocks = (width: number, side: number): Int32Array => {
  const across = Math.ceil(width / side)
  return Int32Array.from(
    { length: width * width },
    (_, p) => Math.floor(Math.floor(p / width) / side) * across + Math.floor((p % width) / side),
  )
}
