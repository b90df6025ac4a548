/**
 * User-defined terms as plain functions that return their derivatives. They are as precise as the function is.
 *
 * The derivatives are not checked during training. `checkFamily` compares them with finite differences.
 */
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import type { Examples, Family, TermAt } from './Family.js'

/** The examples that a user-defined term gets. */
export interface TermBatch extends Examples {
  /** N, the number of examples in the whole set of f. Divide a penalty by it, as L2 does. */
  readonly total: number
}

/** A user-defined term: its hyperparameters and its function. */
export interface OwnTerm {
  /** Name, bounds and scale of each hyperparameter. */
  readonly space: SearchSpace
  /**
   * Whether the term at fixed w is linear in the coefficients, which the scales of `space` define. Then f at one w bounds the
   * value function at every λ, and the method may use that bound. Default `false`. If it is wrong, the bound is wrong.
   */
  readonly linear?: boolean
  /**
   * Returns the term and its derivatives by λ, by the weights at fixed logits, and by the logits; `null` for a zero derivative.
   *
   * It must be a mean over the examples of the batch, or a function of λ and the weights alone.
   *
   * - `lambda`: d components, in the order of the search space
   * - `weights`: flat; `network.parameters` gives the offset of each tensor
   * - `batch`: a minibatch, or a chunk of a whole set
   */
  readonly term: (lambda: ReadonlyArray<number>, weights: Float32Array, batch: TermBatch) => TermAt
}

/** Examples with the size of their whole set. Images are only created when the term reads them. */
export const batchOf = (examples: Examples, total: number): TermBatch => ({
  labels: examples.labels,
  logits: examples.logits,
  total,
  get images() {
    return examples.images
  },
})

/** Checks the lengths of a term's derivatives. Throws if one is wrong. */
const checked = (
  at: TermAt,
  lengths: Readonly<Record<'byLambda' | 'byWeights' | 'byLogits', number>>,
): TermAt => {
  for (const by of ['byLambda', 'byWeights', 'byLogits'] as const) {
    const found = at[by]?.length ?? lengths[by]
    if (found !== lengths[by])
      throw new RangeError(
        `The term states ${found} derivatives in \`${by}\`, but there must be ${lengths[by]}. Correct the function.`,
      )
  }
  return at
}

/**
 * The family of a user-defined term. Combine it with others by `combinedHyperparameters`. If the function throws, or returns a
 * wrong number of derivatives, the command fails.
 *
 * @example
 * ```ts
 * import { type Examples, type OwnTerm, ownTerm, type Term, type TermAt, type TermBatch } from 'bilevel-hpo/shell'
 *
 * // exp(λ)·Σ w²/N as a term of one's own.
 * const term = ([l = 0]: ReadonlyArray<number>, weights: Float32Array, { total }: TermBatch): TermAt => {
 *   const value = (Math.exp(l) * weights.reduce((sum, w) => sum + w * w, 0)) / total
 *   return { value, byLambda: [value], byWeights: weights.map(w => (2 * Math.exp(l) * w) / total), byLogits: null }
 * }
 * const own: OwnTerm = { space: [{ name: 'mine', lower: -8, upper: 2, scale: 'log' }], linear: true, term }
 * const at: Term | undefined = ownTerm(own).at([0], 5).term
 * const batch: Examples = { images: new Float32Array(9), labels: new Uint8Array(1), logits: new Float32Array(2) }
 * at?.(Float32Array.of(1, 2), batch).value // => 1
 * ```
 */
export const ownTerm = ({ space, linear = false, term }: OwnTerm): Family => ({
  space,
  linear,
  changesCosts: false,
  at: (lambda, total) => ({
    penalty: null,
    costs: null,
    term: (weights, examples) =>
      checked(term(lambda, weights, batchOf(examples, total)), {
        byLambda: space.length,
        byWeights: weights.length,
        byLogits: examples.logits.length,
      }),
  }),
})
