/**
 * The posterior of a structured Gaussian process at a point: mean, variance and their gradients, in closed form.
 *
 * Symbols are those of Reduction and StructuredGp. A point x⋆ has the coordinates c⋆ within the span and the part w
 * beyond it; s_j = (‖c⋆ − c_j‖² + ‖w‖²)/ℓ², v_j = (c⋆ − c_j)/ℓ², t_j = −2σ²h'(s_j)/ℓ². Beyond the span f(x⋆) correlates
 * only with gradients along w, with covariances t_j w. So with the covariances κ within the span, and α = (C + S)⁻¹y
 * and κ' = (C + S)⁻¹κ there,
 *
 *     mean       m = κᵀα + tᵀB⁻¹z,                 z_i = ĝ_⊥i · w
 *     variance   v = σ² − κᵀκ' − ‖w‖² tᵀB⁻¹t
 *
 * Both are Σ_j (σ²h_j a_j − 2σ²h'_j (v_j·b_j + e_j·w/ℓ²)), linear in the weights a_j (of values), b_j (of gradients
 * within the span) and e_j (beyond it): α and e = Ĝ_⊥B⁻¹ for the mean, κ' and e_j = (B⁻¹t)_j w for the variance. At
 * fixed weights the gradient of the sum, with g_j = 2σ²h' a_j − 4σ²h'' (v_j·b_j + e_j·w/ℓ²), is
 *
 *     by c⋆    Σ_j g_j v_j − 2σ²h'_j b_j/ℓ²            by w    Σ_j g_j w/ℓ² − 2σ²h'_j e_j/ℓ²
 *
 * and −2 times that for the variance. The contributions of blocks add up. A prediction costs O(nd + n⁴).
 */
import * as Cholesky from '../../numeric/Cholesky.js'
import { profile } from '../gp/Kernel.js'
import type { Marginal, Posterior } from '../gp/Posterior.js'
import { addTo, dot, multiple, type Position, positionOf } from './Reduction.js'
import type { StructuredGp } from './structuredState.js'

/** Covariances of f(x⋆), and the factors of their derivatives. */
interface Covariances {
  readonly position: Position
  /** κ. */
  readonly within: Float64Array
  /** v_j of all observations. */
  readonly slopes: ReadonlyArray<Float64Array>
  /** 2σ²h'(s_j) and 4σ²h''(s_j) of all observations. */
  readonly firsts: Float64Array
  readonly seconds: Float64Array
  /** t_j of the observed gradients. */
  readonly beyond: Float64Array
}

const covariancesAt = (gp: StructuredGp, position: Position): Covariances => {
  const { kernel, signalVariance, lengthScales } = gp.hyperparameters
  const { observations, dimension, squares } = gp.reduction
  const square = lengthScales[0]! ** 2
  const height = position.heights.reduce((sum, h) => sum + h, 0)
  const firsts = new Float64Array(observations.length)
  const seconds = new Float64Array(observations.length)
  const within = new Float64Array(gp.within.targets.length)
  const beyond = new Float64Array(squares.length)
  const slopes = observations.map(() => new Float64Array(dimension))
  let [row, sloped] = [0, 0]
  for (const [j, { x, value, gradient }] of observations.entries()) {
    const v = slopes[j]!
    let s = height
    for (let k = 0; k < dimension; k++) {
      const r = position.coordinates[k]! - x[k]!
      s += r * r
      v[k] = r / square
    }
    const { h, h1, h2 } = profile(kernel, s / square)
    const first = 2 * signalVariance * h1
    firsts[j] = first
    seconds[j] = 4 * signalVariance * h2
    if (value !== null) within[row++] = signalVariance * h
    if (gradient !== null) {
      for (let k = 0; k < dimension; k++) within[row++] = -first * v[k]!
      beyond[sloped++] = -first / square
    }
  }
  return { position, within, slopes, firsts, seconds, beyond }
}

/** Weights of the observations: a and b in the order of rows, e_j·w by blocks, Σ_j t_j e_j by blocks. */
interface Weights {
  readonly within: ReadonlyArray<number>
  readonly along: ReadonlyArray<ArrayLike<number>>
  readonly beyond: ReadonlyArray<Float64Array>
}

/** The gradient by x⋆ of the sum in the header, at fixed weights. */
const contract = (gp: StructuredGp, at: Covariances, weights: Weights): ReadonlyArray<number> => {
  const { blocks, observations, dimension, relative } = gp.reduction
  const square = gp.hyperparameters.lengthScales[0]! ** 2
  const byCoordinate = new Float64Array(dimension)
  let [row, sloped, byHeight] = [0, 0, 0]
  for (const [j, { value, gradient }] of observations.entries()) {
    const [v, first, second] = [at.slopes[j]!, at.firsts[j]!, at.seconds[j]!]
    let along = value === null ? 0 : first * weights.within[row++]!
    if (gradient !== null) {
      let projected = weights.along.reduce((sum, block) => sum + block[sloped]!, 0) / square
      for (let k = 0; k < dimension; k++) {
        projected += v[k]! * weights.within[row + k]!
        byCoordinate[k]! -= (first * weights.within[row + k]!) / square
      }
      along -= second * projected
      row += dimension
      sloped++
    }
    addTo(byCoordinate, along, v)
    byHeight += along
  }
  const gradient = relative.map(() => 0)
  let from = 0
  for (const [b, { members, basis }] of blocks.entries()) {
    const sum = weights.beyond[b]!.slice()
    addTo(sum, byHeight / square, at.position.offsets[b]!)
    for (const [r, axis] of basis.entries()) addTo(sum, byCoordinate[from + r]!, axis)
    for (let k = 0; k < members.length; k++) gradient[members[k]!] = sum[k]! / relative[members[k]!]!
    from += basis.length
  }
  return gradient
}

/** Σ_j factors_j vectors_j. */
const combined = (
  length: number,
  vectors: ReadonlyArray<Float64Array>,
  factors: ReadonlyArray<number>,
): Float64Array => {
  const sum = new Float64Array(length)
  for (const [j, vector] of vectors.entries()) addTo(sum, factors[j]!, vector)
  return sum
}

const sumOfSquares = (v: ReadonlyArray<number>): number => v.reduce((sum, z) => sum + z * z, 0)

/** m and v, and the factors of their gradients. */
const describe = (gp: StructuredGp, at: Covariances) => {
  const { position, within, beyond } = at
  const whitened = Cholesky.solveLower(gp.within.factor)(within)
  // B⁻¹t and z, for each block.
  const shares = gp.beyond.map(factor => Cholesky.solve(factor)(beyond))
  const observed = gp.reduction.blocks.map(({ remainders }, b) =>
    remainders.map(remainder => dot(remainder, position.offsets[b]!)),
  )
  let mean = 0
  for (let row = 0; row < within.length; row++) mean += within[row]! * gp.within.weights[row]!
  let explained = sumOfSquares(whitened)
  for (const [b, share] of shares.entries())
    for (const [j, part] of share.entries()) {
      mean += part * observed[b]![j]!
      explained += position.heights[b]! * part * beyond[j]!
    }
  const variance = Math.max(0, gp.hyperparameters.signalVariance - explained)
  return { mean, variance, whitened, shares, observed }
}

/**
 * Mean and variance of f without noise at a point of d components, as `GaussianProcess.marginal`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { StructuredGp } from 'bilevel-hpo'
 *
 * // One sample of 1,000 dimensions: dense, its covariance would have 1,001 rows.
 * const x = Array.from({ length: 1000 }, () => 0.5)
 * const known = { kernel: 'rbf', signalVariance: 1, lengthScales: x, noiseVariance: 1, gradientNoiseVariance: 1 } as const
 * const seen = { x, value: 2, gradient: x.map(() => 0.01), valueNoise: 1e-9, gradientNoise: x.map(() => 1e-9) }
 * const at = E.map((gp: StructuredGp.StructuredGp) => StructuredGp.marginal(gp)(x).mean)(StructuredGp.conditionOn(known)([seen]))
 * at // ≈ E.right(2)
 * ```
 */
export const marginal =
  (gp: StructuredGp) =>
  (xStar: ReadonlyArray<number>): Marginal => {
    const position = positionOf(gp.reduction)(xStar)
    if (!position.finite) return { mean: 0, variance: gp.hyperparameters.signalVariance }
    const { mean, variance } = describe(gp, covariancesAt(gp, position))
    return { mean, variance }
  }

/**
 * Mean and variance of f without noise at a point of d components, with their gradients (length d), as `GaussianProcess.posterior`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { StructuredGp } from 'bilevel-hpo'
 *
 * // A gradient that was observed without noise is the mean's own.
 * const known = { kernel: 'rbf', signalVariance: 1, lengthScales: [1, 1], noiseVariance: 1, gradientNoiseVariance: 1 } as const
 * const seen = { x: [0, 0], value: 2, gradient: [1, -3], valueNoise: 1e-9, gradientNoise: [1e-9, 1e-9] }
 * const gp = StructuredGp.conditionOn(known)([seen])
 * const slope = E.isRight(gp) ? StructuredGp.posterior(gp.right)([0, 0]).meanGradient : []
 * slope // ≈ [1, -3]
 * ```
 */
export const posterior =
  (gp: StructuredGp) =>
  (xStar: ReadonlyArray<number>): Posterior => {
    const position = positionOf(gp.reduction)(xStar)
    if (!position.finite) {
      const zeros = xStar.map(() => 0)
      return {
        mean: 0,
        variance: gp.hyperparameters.signalVariance,
        meanGradient: zeros,
        varianceGradient: zeros,
      }
    }
    const at = covariancesAt(gp, position)
    const { mean, variance, whitened, shares, observed } = describe(gp, at)
    const { blocks } = gp.reduction
    return {
      mean,
      variance,
      meanGradient: contract(gp, at, {
        within: gp.within.weights,
        along: observed.map((z, b) => Cholesky.solve(gp.beyond[b]!)(z)),
        beyond: blocks.map(({ members, remainders }, b) => combined(members.length, remainders, shares[b]!)),
      }),
      varianceGradient: contract(gp, at, {
        within: Cholesky.solveUpper(gp.within.factor)(whitened),
        along: shares.map((share, b) => share.map(part => part * position.heights[b]!)),
        beyond: position.offsets.map((w, b) => {
          const inner = shares[b]!.reduce((sum, part, j) => sum + part * at.beyond[j]!, 0)
          return multiple(inner, w)
        }),
      }).map(slope => -2 * slope),
    }
  }
