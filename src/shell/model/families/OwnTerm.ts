/**
 * A term of one's own, as a plain function that states its derivatives: computed in float64, if it does so itself.
 *
 * What it states is believed; `checkFamily` holds it against finite differences.
 */
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import type { Examples, Family, TermAt } from './Family.js'

/** What a term of one's own is told of the examples. */
export interface TermBatch extends Examples {
  /** N, how many examples the whole set has that f is a mean over; to divide a penalty by, as L2 is. */
  readonly total: number
}

/** A term of one's own: its hyperparameters, and the function. */
export interface OwnTerm {
  /** Name, bounds and scale of each hyperparameter. */
  readonly space: SearchSpace
  /**
   * Whether the term is linear, at fixed w, in the coefficients that the scales of `space` make of λ: then f at one w bounds the
   * value function at every λ, and the method may use that. `false` unless said; said wrongly, the bound is wrong.
   */
  readonly linear?: boolean
  /**
   * The term and its derivatives by λ, by the weights at fixed logits, and by the logits; `null` for what is zero.
   *
   * A mean over the examples of the batch, or a function of λ and the weights alone.
   *
   * - `lambda`: d components, as the search space has them
   * - `weights`: flat; `network.parameters` says where each tensor lies
   * - `batch`: a minibatch, or a piece of a whole set
   */
  readonly term: (lambda: ReadonlyArray<number>, weights: Float32Array, batch: TermBatch) => TermAt
}

/** Examples with the size of their whole set; images stay unmade until someone looks. */
export const batchOf = (examples: Examples, total: number): TermBatch => ({
  labels: examples.labels,
  logits: examples.logits,
  total,
  get images() {
    return examples.images
  },
})

/** The term, if it has a derivative for everything. */
const whole = (
  at: TermAt,
  lengths: Readonly<Record<'byLambda' | 'byWeights' | 'byLogits', number>>,
): TermAt => {
  for (const by of ['byLambda', 'byWeights', 'byLogits'] as const) {
    const found = at[by]?.length ?? lengths[by]
    if (found !== lengths[by])
      throw new RangeError(
        `The term states ${found} derivatives in \`${by}\`, and there must be ${lengths[by]}. Correct the function.`,
      )
  }
  return at
}

/**
 * A family of a term of one's own; combine it with others by `combinedHyperparameters`. A function that states too few
 * derivatives, or throws, fails the command that asked.
 */
export const ownTerm = ({ space, linear = false, term }: OwnTerm): Family => ({
  space,
  linear,
  changesCosts: false,
  at: (lambda, total) => ({
    penalty: null,
    costs: null,
    term: (weights, examples) =>
      whole(term(lambda, weights, batchOf(examples, total)), {
        byLambda: space.length,
        byWeights: weights.length,
        byLogits: examples.logits.length,
      }),
  }),
})
