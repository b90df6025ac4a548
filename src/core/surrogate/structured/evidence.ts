/**
 * The log evidence of a structured Gaussian process, and its gradient by the logarithms of its hyperparameters.
 *
 * Symbols are those of Reduction and StructuredGp; q is the number of dimensions of a block beyond its span. Rotations
 * have determinant 1. So with W = B⁻¹MB⁻¹ − qB⁻¹ for each block:
 *
 *     ln p(y)       = ln p(y, Qĝ) + Σ ( −½ tr(B⁻¹M) − ½q(ln det B + n ln 2π) ) + n Σ_a ln ρ_a
 *     ∂ ln p / ∂p   = ∂ ln p(y, Qĝ)/∂p + ½ Σ Σ_ij W_ij ∂B_ij/∂p
 *     ∂B_ij/∂ln ℓ   = (4σ²/ℓ²)(s_ij h''(s_ij) + h'(s_ij))                      (1 + η) times on the diagonal
 */
import * as Cholesky from '../../numeric/Cholesky.js'
import * as Evidence from '../gp/Evidence.js'
import { profile } from '../gp/Kernel.js'
import type { Block } from './Reduction.js'
import type { StructuredGp } from './structuredState.js'

/** q: the number of dimensions of a block beyond its span. */
const remaining = ({ members, basis }: Block): number => members.length - basis.length

/** Σ_k a_ik b_kj of symmetric matrices. */
const product = (
  a: ReadonlyArray<Float64Array>,
  b: ReadonlyArray<Float64Array>,
): ReadonlyArray<Float64Array> =>
  a.map(row => Float64Array.from(row, (_, j) => row.reduce((sum, entry, k) => sum + entry * b[k]![j]!, 0)))

const trace = (matrix: ReadonlyArray<Float64Array>): number =>
  matrix.reduce((sum, row, i) => sum + row[i]!, 0)

/**
 * ln p(y), as `GaussianProcess.logDensity`, from the reduced process. Source: de Roos, Gessner & Hennig 2021, arXiv 2102.07542.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess, StructuredGp } from 'bilevel-hpo'
 *
 * // The same process as `GaussianProcess`, factored another way.
 * const known = { kernel: 'rbf', signalVariance: 1, lengthScales: [1, 1], noiseVariance: 1, gradientNoiseVariance: 1 } as const
 * const seen = { x: [0, 0], value: 2, gradient: [1, 0], valueNoise: 0.1, gradientNoise: [0.1, 0.1] }
 * const density = E.map(StructuredGp.logDensity)(StructuredGp.conditionOn(known)([seen]))
 * density // ≈ E.map(GaussianProcess.logDensity)(GaussianProcess.conditionOn(known)([seen]))
 * ```
 */
export const logDensity = ({ reduction, within, beyond }: StructuredGp): number =>
  reduction.blocks.reduce(
    (sum, block, b) => {
      const q = remaining(block)
      const factor = beyond[b]!
      const fit = trace(block.gram.map(column => Float64Array.from(Cholesky.solve(factor)(column))))
      const volume = Cholesky.logDeterminant(factor) + Cholesky.size(factor) * Math.log(2 * Math.PI)
      return q === 0 ? sum : sum - 0.5 * (fit + q * volume)
    },
    Evidence.logDensity(within) + reduction.logVolume,
  )

/**
 * ∂ ln p(y) by the logarithms of the hyperparameters, in O(n⁶). `lengthScales` has one entry: the derivative by ln ℓ,
 * which scales all length scales alike.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess, StructuredGp } from 'bilevel-hpo'
 *
 * const known = { kernel: 'rbf', signalVariance: 1, lengthScales: [1, 1], noiseVariance: 1, gradientNoiseVariance: 1 } as const
 * const seen = { x: [0, 0], value: 2, gradient: [1, 0], valueNoise: 0.1, gradientNoise: [0.1, 0.1] }
 * const [ours, dense] = [
 *   E.map(StructuredGp.hyperGradient)(StructuredGp.conditionOn(known)([seen])),
 *   E.map(GaussianProcess.hyperGradient)(GaussianProcess.conditionOn(known)([seen])),
 * ].map(E.map(({ signalVariance }) => signalVariance))
 * ours // ≈ dense
 * ```
 */
export const hyperGradient = ({
  hyperparameters: { kernel, signalVariance, lengthScales, gradientNoiseVariance },
  reduction: { blocks, squares },
  within,
  beyond,
  jitter,
}: StructuredGp): Evidence.HyperGradient => {
  const spanned = Evidence.hyperGradient(within)
  const square = lengthScales[0]! ** 2
  const byLength = squares.map((row, i) =>
    row.map((r, j) => {
      const s = r / square
      const { h1, h2 } = profile(kernel, s)
      // If the points do not correlate, s may be infinite.
      const slope = h1 === 0 ? 0 : s * h2 + h1
      return ((4 * signalVariance) / square) * slope * (i === j ? 1 + jitter : 1)
    }),
  )
  let [signal, length, noise] = [0, 0, 0]
  for (const [b, block] of blocks.entries()) {
    const q = remaining(block)
    if (q === 0) continue
    const inverse = Cholesky.inverse(beyond[b]!)
    const solved = product(inverse, block.gram)
    const weights = product(solved, inverse)
    let own = 0
    for (let i = 0; i < squares.length; i++) {
      own += gradientNoiseVariance * block.noise[i]! * (weights[i]![i]! - q * inverse[i]![i]!)
      for (let j = 0; j < squares.length; j++)
        length += (weights[i]![j]! - q * inverse[i]![j]!) * byLength[i]![j]!
    }
    // As in Evidence: Σ W_ij B_ij = tr(B⁻¹M) − qn, minus the share of the noise.
    signal += trace(solved) - q * squares.length - own
    noise += own
  }
  return {
    signalVariance: spanned.signalVariance + 0.5 * signal,
    lengthScales: [spanned.lengthScales.reduce((sum, slope) => sum + slope, 0) + 0.5 * length],
    noiseVariance: spanned.noiseVariance,
    gradientNoiseVariance: spanned.gradientNoiseVariance + 0.5 * noise,
  }
}
