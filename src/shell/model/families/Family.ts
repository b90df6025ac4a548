/**
 * One family of hyperparameters: some components of λ, and what they do to a loss.
 *
 * Notation: w flat weights, W_k the k-th tensor of parameters, N examples of the set that the loss is a mean over, d
 * components of the family, θ its coefficients: exp, sigmoid or identity of λ, as its search space says.
 *
 * A family adds a penalty, which does not look at examples, or changes what an example costs, or adds a term that looks at
 * weights and examples as it likes; or several of these. All of it is computed in float64, but for terms that are functions of
 * tensors, and ∂/∂λ of all d components in one pass: nothing here is quadratic in d.
 */
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import type { Parameter } from '../Network.js'

/** A quadratic penalty's gradient by a tensor, as multiples of its weights: one for all, or one a weight. */
export type Decay = number | Float64Array

/**
 * A penalty that is not quadratic: writes scale·∂/∂W_k onto `into` (the tensor's entries from `at` on), and returns
 * scale·(its value on W_k).
 */
export type Curved = (
  k: number,
  weights: Float32Array,
  into: Float32Array | Float64Array,
  at: number,
  scale: number,
) => number

/** What λ adds to a mean loss without a look at the examples. */
export interface Penalty {
  readonly value: (weights: Float32Array) => number
  /** By tensor of parameters. Said by numbers and not by a function: a step takes it in its one pass over the weights. */
  readonly decay: ReadonlyArray<Decay>
  /** What is not in `decay`. */
  readonly curved: Curved | null
  /** ∂ value/∂λ at fixed w; length d. */
  readonly lambdaGradient: (weights: Float32Array) => ReadonlyArray<number>
}

/**
 * What an example costs: a_i·b_y·((1 − s)·ℓ(z, y) + s·(1/C) Σ_j ℓ(z, j)), with ℓ the cross-entropy of logits z.
 *
 * The loss stays a sum over examples that is divided by their number, not by the sum of their weights: so it is linear in
 * each of a, b and s.
 */
export interface Target {
  /** a, one a row; `null`: all 1. */
  readonly examples: Float64Array | null
  /** b, one a class; `null`: all 1. */
  readonly classes: Float64Array | null
  /** s, the share of a label that is spread evenly over all C classes. */
  readonly smoothing: number
}

/** Cross-entropies of a set's examples, unweighted. */
export interface ExampleLosses {
  /** ℓ(z, y). */
  readonly own: Float64Array
  /** (1/C) Σ_j ℓ(z, j). */
  readonly even: Float64Array
  readonly labels: Uint8Array
}

/** A change of what examples cost. */
export interface Costs {
  readonly target: Target
  /**
   * ∂ f/∂λ at fixed w; length d. `target` is the whole one, with what other families did to it.
   */
  readonly lambdaGradient: (losses: ExampleLosses, target: Target) => ReadonlyArray<number>
}

/** Some examples, and what the network says of them. */
export interface Examples {
  /** B × height × width × channels, row-major. */
  readonly images: Float32Array
  /** B labels. */
  readonly labels: Uint8Array
  /** B × classes, row-major. */
  readonly logits: Float32Array
}

/** A term's value and its derivatives; one that is `null` is zero everywhere. */
export interface TermAt {
  readonly value: number
  /** Length d. */
  readonly byLambda: ReadonlyArray<number>
  /** ∂/∂w at fixed logits, by flat weights. */
  readonly byWeights: ArrayLike<number> | null
  /** ∂/∂z, B × classes. How the logits depend on the weights is the network's to say. */
  readonly byLogits: ArrayLike<number> | null
}

/**
 * A function of weights and examples that is added to a mean loss. On a whole set it is the mean over that, and on a
 * minibatch its mean stands for the set's: so it must be a mean over the examples it is given (or not look at them), and then
 * neither the size of minibatches nor that of the pieces a set is computed in changes what is meant.
 */
export type Term = (weights: Float32Array, examples: Examples) => TermAt

/** A family at one λ, for a mean over N examples. */
export interface FamilyTerms {
  readonly penalty: Penalty | null
  readonly costs: Costs | null
  readonly term?: Term
}

/** A kind of hyperparameters: its λ, and what they add to f, with every derivative. {@link FamilyTerms} of several add up. */
export interface Family {
  readonly space: SearchSpace
  /**
   * Whether f is linear at fixed w in this family's coefficients θ(λ), as the scale in its space defines them. Then f at one w
   * bounds the value function at every λ.
   */
  readonly linear: boolean
  /** Whether it changes what examples cost: of two such families the costs are multiplied, which is linear in neither pair. */
  readonly changesCosts: boolean
  readonly at: (lambda: ReadonlyArray<number>, examples: number) => FamilyTerms
}

/** The family with every component held at one value: part of f, and none of λ. */
export const fixedAt =
  (component: number) =>
  (family: Family): Family => {
    const lambda = family.space.map(() => component)
    return {
      ...family,
      space: [],
      at: (_, examples) => {
        const { penalty, costs, term } = family.at(lambda, examples)
        return {
          penalty: penalty && { ...penalty, lambdaGradient: () => [] },
          costs: costs && { ...costs, lambdaGradient: () => [] },
          ...(term === undefined ? {} : { term: (...at) => ({ ...term(...at), byLambda: [] }) }),
        }
      },
    }
  }

/** The weights of one tensor. */
export const part = (weights: Float32Array, { offset, size }: Parameter): Float32Array =>
  weights.subarray(offset, offset + size)
