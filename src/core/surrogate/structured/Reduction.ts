/**
 * Reduces observations of gradients in many dimensions to a small Gaussian process within the span of their points, and
 * one independent process for each dimension beyond it; the latter all share one matrix.
 *
 * Notation
 *
 * | symbol  | name            | shape   | meaning                                                                     |
 * | ------- | --------------- | ------- | --------------------------------------------------------------------------- |
 * | n, d    |                 |         | number of observations, dimension of x                                      |
 * | l       |                 | d       | length scales, l = ℓ·ρ                                                      |
 * | ℓ       |                 |         | the one length scale that hyperparameters have                              |
 * | ρ       | `relative`      | d       | ratios of the other length scales to it; fixed                              |
 * | x̂, ĝ    |                 | d       | x/ρ and ρ⊙g: in these coordinates the kernel is that of ‖x̂ − x̂'‖/ℓ alone    |
 * | x̂_0     | `origin`        | d       | the latest point                                                            |
 * | Q       | `basis`         | p × d   | orthonormal rows that span all x̂_i − x̂_0; p < n                             |
 * | c_i     | `coordinates`   | p       | Q(x̂_i − x̂_0)                                                                |
 * | ĝ_⊥     | `remainders`    | d       | ĝ − QᵀQĝ                                                                    |
 * | M       | `gram`          | n × n   | M_ij = ĝ_⊥i · ĝ_⊥j                                                          |
 *
 * The kernel is radial in x̂, so rotations do not change it. In coordinates whose first p axes span the differences
 * x̂_i − x̂_j, these differences have no component along the other d − p axes. So among the covariances along an axis e
 * beyond the span,
 *
 *     cov(∂_e f(x_i), f(x_j)) = 2σ²h'·(x̂_i − x̂_j)_e/ℓ² = 0,      cov(∂_e f(x_i), ∂_b f(x_j)) = −2σ²h' δ_eb/ℓ²
 *
 * only those of the same axis remain. A gradient along e is independent of values and of gradients along other axes,
 * and the covariance is the same n × n matrix for every e. This is the structure of de Roos, Gessner & Hennig 2021
 * (arXiv 2102.07542), K = I ⊗ K' + U C Uᵀ, with U's n² columns rotated into n(p+1) ordinary rows. An orthogonal matrix
 * takes the place of their matrix inversion lemma and loses no digits.
 *
 * The rotation must not change the noise: it must be the same for all ĝ_a that are rotated into one another. So
 * components of x form blocks whose noise is the same in every observation (usually there is one block). Each block has
 * its own Q; the kernel depends only on the sum of the blocks' squared distances.
 */
import type { GpObservation } from '../gp/Gp.js'

/** Components of x whose derivatives have the same noise variance ρ_a²·noise_ia in each observation. */
export interface Block {
  /** Their indices. */
  readonly members: Int32Array
  /** Q, by rows over the members. */
  readonly basis: ReadonlyArray<Float64Array>
  /** ĝ_⊥ over the members, for each observed gradient. */
  readonly remainders: ReadonlyArray<Float64Array>
  /** M. */
  readonly gram: ReadonlyArray<Float64Array>
  /** The noise variance of each component of ĝ_i. */
  readonly noise: Float64Array
}

export interface Reduction {
  readonly relative: ReadonlyArray<number>
  readonly origin: Float64Array
  readonly blocks: ReadonlyArray<Block>
  /** p, the sum over all blocks. */
  readonly dimension: number
  /** The observations of the process within the span: c_i for x_i, Qĝ_i for g_i. */
  readonly observations: ReadonlyArray<GpObservation>
  /** ‖x̂_i − x̂_j‖² of the points with observed gradients. */
  readonly squares: ReadonlyArray<Float64Array>
  /** ln p(g) − ln p(ĝ): Σ_a ln ρ_a for each observed gradient. */
  readonly logVolume: number
}

/** Σ a_k b_k, as four interleaved sums. */
export const dot = (a: Float64Array, b: Float64Array): number => {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let k = 0
  for (; k + 3 < a.length; k += 4) {
    s0 += a[k]! * b[k]!
    s1 += a[k + 1]! * b[k + 1]!
    s2 += a[k + 2]! * b[k + 2]!
    s3 += a[k + 3]! * b[k + 3]!
  }
  for (; k < a.length; k++) s0 += a[k]! * b[k]!
  return s0 + s1 + (s2 + s3)
}

// // Use loops instead of callbacks throughout: a callback would box every number as an object.

/** Adds factor·a to `sum`. */
export const addTo = (sum: Float64Array, factor: number, a: Float64Array): void => {
  for (let k = 0; k < a.length; k++) sum[k]! += factor * a[k]!
}

/** Returns Qv and leaves v − QᵀQv in v. */
const split = (basis: ReadonlyArray<Float64Array>, v: Float64Array): Float64Array => {
  const along = new Float64Array(basis.length)
  for (const [r, row] of basis.entries()) {
    const share = dot(row, v)
    along[r] = share
    addTo(v, -share, row)
  }
  return along
}

const largest = (v: Float64Array): number => {
  let max = 0
  for (let k = 0; k < v.length; k++) max = Math.max(max, Math.abs(v[k]!))
  return max
}

/** factor·v. */
export const multiple = (factor: number, v: Float64Array): Float64Array => {
  const scaled = new Float64Array(v.length)
  addTo(scaled, factor, v)
  return scaled
}

/** The products of the components of v and of `factors`. */
const product = (v: ArrayLike<number>, factors: ArrayLike<number>): Float64Array => {
  const products = new Float64Array(v.length)
  for (let k = 0; k < v.length; k++) products[k] = v[k]! * factors[k]!
  return products
}

const constant = (v: Float64Array): boolean => {
  for (let k = 1; k < v.length; k++) if (v[k] !== v[0]) return false
  return true
}

/** A remainder of at most this share of a difference, beyond the span of the others, is rounding. */
const rankTolerance = 2 ** -46

/**
 * Orthonormal rows that span `differences`, by Gram–Schmidt. A second pass follows if the first removed much; two
 * passes are enough (Giraud, Langou & Rozložník 2005).
 */
const basisOf = (differences: ReadonlyArray<Float64Array>, width: number): ReadonlyArray<Float64Array> => {
  if (width <= differences.length)
    return Array.from({ length: width }, (_, k) => new Float64Array(width).fill(1, k, k + 1))
  const basis: Float64Array[] = []
  for (const difference of differences) {
    const size = largest(difference)
    if (size === 0) continue
    // Scale by the largest component, so that squares do not overflow or underflow.
    const rest = multiple(1 / size, difference)
    const whole = Math.sqrt(dot(rest, rest))
    split(basis, rest)
    if (dot(rest, rest) < 0.25 * whole * whole) split(basis, rest)
    const left = Math.sqrt(dot(rest, rest))
    // Keep rows that are not finite, so that `isFinite` detects them.
    if (!(left <= rankTolerance * whole)) basis.push(multiple(1 / left, rest))
  }
  return basis
}

/** The members of the blocks: components that agree in all of `noises`. */
const partition = (d: number, noises: ReadonlyArray<Float64Array>): ReadonlyArray<Int32Array> => {
  const blockOf = new Int32Array(d)
  let count = d === 0 ? 0 : 1
  for (const noise of noises) {
    if (constant(noise)) continue
    const successors = Array.from({ length: count }, () => new Map<number, number>())
    for (let k = 0; k < d; k++) {
      const held = blockOf[k]!
      const known = successors[held]!
      const block = known.get(noise[k]!) ?? (known.size === 0 ? held : count++)
      known.set(noise[k]!, block)
      blockOf[k] = block
    }
  }
  const members = Array.from({ length: count }, (): number[] => [])
  blockOf.forEach((block, k) => members[block]!.push(k))
  return members.map(indices => Int32Array.from(indices))
}

const gather = (members: Int32Array, v: Float64Array): Float64Array => {
  const gathered = new Float64Array(members.length)
  for (let k = 0; k < members.length; k++) gathered[k] = v[members[k]!]!
  return gathered
}

const pairwise = <A>(all: ReadonlyArray<A>, of: (a: A, b: A) => number): ReadonlyArray<Float64Array> => {
  const rows = all.map(() => new Float64Array(all.length))
  for (let i = 0; i < all.length; i++)
    for (let j = 0; j <= i; j++) rows[i]![j] = rows[j]![i] = of(all[i]!, all[j]!)
  return rows
}

/** x̂ − x̂_0. */
const away = (
  { relative, origin }: Pick<Reduction, 'relative' | 'origin'>,
  x: ReadonlyArray<number>,
): Float64Array => {
  const difference = new Float64Array(x.length)
  for (let k = 0; k < x.length; k++) difference[k] = x[k]! / relative[k]! - origin[k]!
  return difference
}

/** The reduction of observations that all have d = `relative.length` components; O(n²d). */
export const reduce = (
  relative: ReadonlyArray<number>,
  observations: ReadonlyArray<GpObservation>,
): Reduction => {
  const d = relative.length
  const latest = observations[observations.length - 1]
  const origin = Float64Array.from(relative, (ratio, k) => (latest === undefined ? 0 : latest.x[k]! / ratio))
  const squaredRelative = product(relative, relative)
  const sloped = observations.flatMap(({ gradient, gradientNoise }) =>
    gradient === null
      ? []
      : [
          {
            slope: product(gradient, relative),
            noise: product(gradientNoise, squaredRelative),
          },
        ],
  )
  const points = observations.map(({ x }) => away({ relative, origin }, x))
  const parts = partition(
    d,
    sloped.map(({ noise }) => noise),
  ).map(members => {
    const differences = points.map(point => gather(members, point))
    // From the latest point backwards; its own difference is zero.
    const basis = basisOf(differences.slice(0, -1).reverse(), members.length)
    const coordinates = differences.map(difference => split(basis, difference))
    const remainders = sloped.map(({ slope }) => gather(members, slope))
    const slopes = remainders.map(remainder => split(basis, remainder))
    const noise = Float64Array.from(sloped, one => one.noise[members[0]!]!)
    return {
      block: { members, basis, remainders, gram: pairwise(remainders, dot), noise },
      coordinates,
      slopes,
    }
  })
  const positions = observations.map((_, i) => parts.flatMap(({ coordinates }) => [...coordinates[i]!]))
  let row = 0
  return {
    relative,
    origin,
    blocks: parts.map(({ block }) => block),
    dimension: parts.reduce((sum, { block }) => sum + block.basis.length, 0),
    observations: observations.map(({ value, gradient, valueNoise }, i) => {
      const at = gradient === null ? null : row++
      return {
        x: positions[i]!,
        value,
        gradient: at === null ? null : parts.flatMap(({ slopes }) => [...slopes[at]!]),
        valueNoise,
        gradientNoise:
          at === null ? [] : parts.flatMap(({ block }) => block.basis.map(() => block.noise[at]!)),
      }
    }),
    squares: pairwise(
      positions.filter((_, i) => observations[i]!.gradient !== null),
      (a, b) => a.reduce((sum, c, k) => sum + (c - b[k]!) ** 2, 0),
    ),
    logVolume: sloped.length * relative.reduce((sum, ratio) => sum + Math.log(ratio), 0),
  }
}

/** The position of a point relative to the span. */
export interface Position {
  /** c⋆. */
  readonly coordinates: ReadonlyArray<number>
  /** w: the part of x̂⋆ − x̂_0 beyond the span, for each block. */
  readonly offsets: ReadonlyArray<Float64Array>
  /** ‖w‖² of each block. */
  readonly heights: ReadonlyArray<number>
  /** False for a point so far away that squares overflow. */
  readonly finite: boolean
}

/** The position of x⋆; O(nd). */
export const positionOf =
  (reduction: Reduction) =>
  (x: ReadonlyArray<number>): Position => {
    const difference = away(reduction, x)
    const offsets = reduction.blocks.map(({ members }) => gather(members, difference))
    const coordinates = reduction.blocks.flatMap(({ basis }, b) => [...split(basis, offsets[b]!)])
    const heights = offsets.map(offset => dot(offset, offset))
    const size = coordinates.reduce((sum, c) => sum + c * c, 0) + heights.reduce((sum, h) => sum + h, 0)
    return { coordinates, offsets, heights, finite: size < Infinity }
  }

/** Whether all numbers of the reduction are finite. */
export const isFinite = ({ observations, squares, blocks }: Reduction): boolean =>
  observations.every(
    ({ x, gradient }) => x.every(Number.isFinite) && (gradient ?? []).every(Number.isFinite),
  ) &&
  [squares, ...blocks.map(({ gram }) => gram)].every(rows => rows.every(row => row.every(Number.isFinite))) &&
  blocks.every(({ noise }) => noise.every(Number.isFinite))
