/**
 * One family of hyperparameters: some components of λ, and how a loss depends on them.
 *
 * Notation: w flat weights, W_k the k-th tensor of parameters, N the number of examples in the mean loss, d the number of the
 * family's components, θ its coefficients: exp, sigmoid or identity of λ, depending on the scale in its search space.
 *
 * A family does one or several of these: it adds a penalty, which depends on the weights only; it changes the examples' costs;
 * it adds a term, any function of weights and examples. Everything is computed in float64, except terms that are functions of
 * tensors. ∂/∂λ of all d components takes one pass: nothing here is quadratic in d.
 */
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import type { Parameter } from '../Network.js'

/** The gradient of a quadratic penalty by a tensor, as multiples of its weights: one number for all, or one per weight. */
export type Decay = number | Float64Array

/**
 * A penalty that is not quadratic: adds scale·∂/∂W_k to `into` (the tensor's entries start at `at`), and returns
 * scale·(its value on W_k).
 *
 * @example
 * ```ts
 * import { type Curved, type Decay, type Penalty } from 'bilevel-hpo/shell'
 *
 * // The sum of all fourth powers of the weights, as a penalty with a gradient of its own.
 * const curved: Curved = (_, weights, into, at, scale) => {
 *   weights.forEach((w, i) => (into[at + i]! += scale * 4 * w ** 3))
 *   return scale * weights.reduce((sum, w) => sum + w ** 4, 0)
 * }
 * const value: Penalty['value'] = weights => curved(0, weights, new Float32Array(weights.length), 0, 1)
 * value(Float32Array.of(1, 2)) // => 17
 * const none: ReadonlyArray<Decay> = [0]
 * const decay = none[0] // => 0
 * ```
 */
export type Curved = (
  k: number,
  weights: Float32Array,
  into: Float32Array | Float64Array,
  at: number,
  scale: number,
) => number

/** An addition to a mean loss that does not depend on the examples. */
export interface Penalty {
  readonly value: (weights: Float32Array) => number
  /** Per tensor of parameters. Numbers and not a function, so that a step can apply it in its single pass over the weights. */
  readonly decay: ReadonlyArray<Decay>
  /** The part that is not in `decay`; `null` if there is none. */
  readonly curved: Curved | null
  /** ∂ value/∂λ at fixed w; length d. */
  readonly lambdaGradient: (weights: Float32Array) => ReadonlyArray<number>
}

/**
 * The cost of an example: a_i·b_y·((1 − s)·ℓ(z, y) + s·(1/C) Σ_j ℓ(z, j)), with ℓ the cross-entropy of logits z.
 *
 * The sum over examples is divided by their number, not by the sum of their weights. So the loss is linear in each of a, b
 * and s.
 */
export interface Target {
  /** a, one per row; `null`: all 1. */
  readonly examples: Float64Array | null
  /** b, one per class; `null`: all 1. */
  readonly classes: Float64Array | null
  /** s, the share of a label that is spread evenly over all C classes. */
  readonly smoothing: number
}

/** The unweighted cross-entropies of a set's examples. */
export interface ExampleLosses {
  /** ℓ(z, y). */
  readonly own: Float64Array
  /** (1/C) Σ_j ℓ(z, j). */
  readonly even: Float64Array
  readonly labels: Uint8Array
}

/** A change of the examples' costs. */
export interface Costs {
  readonly target: Target
  /**
   * ∂f/∂λ at fixed w; length d. `target` is the combined target of all families.
   */
  readonly lambdaGradient: (losses: ExampleLosses, target: Target) => ReadonlyArray<number>
}

/** Some examples with the network's logits. */
export interface Examples {
  /** B × height × width × channels, row-major. */
  readonly images: Float32Array
  /** B labels. */
  readonly labels: Uint8Array
  /** B × classes, row-major. */
  readonly logits: Float32Array
}

/** The value and the derivatives of a term. `null` means a derivative of zero. */
export interface TermAt {
  readonly value: number
  /** Length d. */
  readonly byLambda: ReadonlyArray<number>
  /** ∂/∂w at fixed logits, by flat weights. */
  readonly byWeights: ArrayLike<number> | null
  /** ∂/∂z, B × classes. The network propagates it to the weights. */
  readonly byLogits: ArrayLike<number> | null
}

/**
 * A function of weights and examples that is added to a mean loss. It must be a mean over the given examples, or not depend on
 * them. Then its mean on a minibatch estimates its mean on the whole set, and its meaning depends neither on the size of
 * minibatches nor on the size of the chunks in which a set is computed.
 */
export type Term = (weights: Float32Array, examples: Examples) => TermAt

/** A family at one λ, for a mean loss over N examples. */
export interface FamilyTerms {
  readonly penalty: Penalty | null
  readonly costs: Costs | null
  readonly term?: Term
}

/** A family of hyperparameters: its search space, and its additions to f with all derivatives. */
export interface Family {
  readonly space: SearchSpace
  /**
   * Whether f at fixed w is linear in this family's coefficients θ(λ), which the scale in its space defines. Then f at one w
   * bounds the value function at every λ.
   */
  readonly linear: boolean
  /** Whether it changes the examples' costs. Two such families multiply, so f is not jointly linear in their coefficients. */
  readonly changesCosts: boolean
  readonly at: (lambda: ReadonlyArray<number>, examples: number) => FamilyTerms
}

/** The family with every component fixed at one value. It is part of f, but adds no component to λ. */
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
