/**
 * Full-batch polishing: L-BFGS (Nocedal & Wright, algorithm 7.5) with a bisecting weak Wolfe line search
 * (Lewis & Overton 2013, which also suits the kinks of ReLU networks).
 *
 * Full-batch gradients needed to reach a gradient norm, measured on the 784-100-10 network with the paper's 600 images, after
 * 50 epochs of stochastic descent: λ = −6, 1e-3: 14 (Nesterov's method with adaptive restart: between 40 and 60);
 * λ = −2, 1e-3: 42 (100 to 150); λ = 1, 5e-3: 69 (150 to 200); λ = 2, 1e-2: 44 (100 to 150). After 300 gradients,
 * f = .00022, .0080, .1028, .2275 (.00038, .0084, .1075, .2348). From λ ≈ 0 on, the minimizers lie on kinks of the
 * ReLUs, where the gradient does not vanish: ‖∇f‖ levels off near 2e-3 at λ = 0, 4e-3 at 1 and 7e-3 at 2.
 *
 * Directions and evaluated points are float32; gradients, slopes and norms are float64. All vectors lie in one WebAssembly
 * memory, and `evaluate` gets views of it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { vectorsOf, type Iterate, type Vector, type Vectors } from '../backend/kernels/lbfgs.js'
import type { Aborted } from './Pauses.js'
import { lbfgsMemory } from './LbfgsMemory.js'

/** Returns the value at `weights` and overwrites `gradient`. It must not keep either array. */
export type Evaluate = (weights: Float32Array, gradient: Float64Array) => Promise<E.Either<Aborted, number>>

export interface Polished {
  readonly weights: Float32Array
  readonly value: number
  /** ‖∇‖₂ at `weights`. */
  readonly gradientNorm: number
  readonly evaluations: number
}

export interface PolishOptions {
  /** Stop when ‖∇‖₂ is at most this. */
  readonly tolerance: number
  /** Stop after this many full-batch gradients. The first one, at the start, is always taken. */
  readonly maxEvaluations: number
  readonly memory: number
  /** Called after each iteration with the number of gradients so far. */
  readonly onIteration: (evaluations: number, gradientNorm: number) => void
}

interface Point extends Iterate {
  readonly value: number
}

/** The constants of the Armijo and curvature conditions; these are the usual values for quasi-Newton directions. */
const sufficientDecrease = 1e-4
const curvature = 0.9
/**
 * A decrease below this share of the value is within float32 rounding. Then only the slopes decide (the approximate Wolfe
 * conditions of Hager & Zhang 2005). Without this rule, polishing stops near ‖∇‖ = 1e-4.
 */
const rounding = 1e-6
/** Evaluations along one direction before the search gives up. */
const mostTrials = 25

/** The state that a search needs. Its vectors take forty bytes per weight, and each pair of L-BFGS eight. */
interface Workspace {
  readonly evaluate: Evaluate
  readonly vectors: Vectors
  /** Iterates that may be overwritten. There are three in all; a search holds its start and its best point. */
  readonly spare: Iterate[]
}

/** The value at an iterate. It overwrites the iterate's gradient. */
const valueAt = ({ evaluate, vectors }: Workspace, { weights, gradient }: Iterate) =>
  evaluate(vectors.at(weights), vectors.wideAt(gradient))

const reserved = <V>(vector: V | null): V => {
  if (vector === null) throw new Error('polishing so many weights needs more than 2 GB')
  return vector
}
const iterateIn = (vectors: Vectors): Iterate => ({
  weights: reserved(vectors.take()),
  gradient: reserved(vectors.takeWide()),
})

/** Searches along `d` for the next point, `null` if there is none. Also returns the number of evaluations. */
const search = async (
  workspace: Workspace,
  from: Point,
  d: Vector,
  first: number,
  budget: number,
): Promise<E.Either<Aborted, { readonly point: Point | null; readonly evaluations: number }>> => {
  const { vectors, spare } = workspace
  const slope = vectors.wideDot(from.gradient, d)
  let low = 0
  let high = Infinity
  let step = first
  let best: Point | null = null
  for (let evaluations = 1; evaluations <= Math.min(budget, mostTrials); evaluations++) {
    const trial = spare.pop()!
    vectors.move(trial.weights, from.weights, step, d)
    const value = await valueAt(workspace, trial)
    if (E.isLeft(value)) return value
    const slopeThere = vectors.wideDot(trial.gradient, d)
    const decreased =
      value.right <= from.value + sufficientDecrease * step * slope ||
      (value.right <= from.value + rounding * Math.abs(from.value) &&
        slopeThere <= (2 * sufficientDecrease - 1) * slope)
    // This branch also catches a value of NaN.
    if (!decreased) {
      high = step
      spare.push(trial)
    } else {
      if (best !== null) spare.push(best)
      best = { ...trial, value: value.right }
      if (slopeThere >= curvature * slope) return E.right({ point: best, evaluations })
      low = step
    }
    step = high === Infinity ? 2 * low : (low + high) / 2
  }
  return E.right({ point: best, evaluations: Math.min(budget, mostTrials) })
}

/** Minimises from `start`. The value never rises beyond rounding. It stops early if rounding hides any further decrease. */
export const polish =
  (evaluate: Evaluate, options: PolishOptions) =>
  async (start: Float32Array): Promise<E.Either<Aborted, Polished>> => {
    const vectors = vectorsOf(start.length)
    try {
      const [begin, ...spare] = [iterateIn(vectors), iterateIn(vectors), iterateIn(vectors)] as const
      const workspace: Workspace = { evaluate, vectors, spare }
      const d = reserved(vectors.take())
      const memory = lbfgsMemory(vectors, options.memory)
      vectors.at(begin.weights).set(start)
      const value = await valueAt(workspace, begin)
      if (E.isLeft(value)) return value
      let point: Point = { ...begin, value: value.right }
      let evaluations = 1
      let gradientNorm = vectors.norm(point.gradient)
      while (gradientNorm > options.tolerance && evaluations < options.maxEvaluations) {
        memory.direction(point.gradient, d)
        const first = memory.size() === 0 ? Math.min(1, 1 / gradientNorm) : 1
        const found = await search(workspace, point, d, first, options.maxEvaluations - evaluations)
        if (E.isLeft(found)) return found
        evaluations += found.right.evaluations
        const next = found.right.point
        if (next === null) {
          if (memory.size() === 0) break
          // The pairs may describe the other side of a kink. Try once more with steepest descent.
          memory.forget()
          continue
        }
        memory.remember(point, next)
        spare.push(point)
        point = next
        gradientNorm = vectors.norm(point.gradient)
        options.onIteration(evaluations, gradientNorm)
      }
      return E.right({
        weights: vectors.at(point.weights).slice(),
        value: point.value,
        gradientNorm,
        evaluations,
      })
    } finally {
      vectors.leave()
    }
  }
