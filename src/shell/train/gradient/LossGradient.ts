/** The interface to a network's training: losses of batches, their gradients by the weights, and steps of descent. */
import type { ExampleBatch } from '../../model/ExampleBatch.js'
import type { LossSum } from '../../model/crossEntropy.js'
import type { Curved, Decay, ExampleLosses, Term, TermAt } from '../../model/families/Family.js'
import type { Parameter } from '../../model/Network.js'

/** A batch whose summed loss counts `scale` times. */
export interface Part {
  readonly batch: ExampleBatch
  readonly scale: number
}

/** Called once per k with the gradient by the tensor `parameters[k]`. `values` is only valid during the call. */
export type OnGradient = (k: number, values: Float32Array) => void

/** A penalty's gradient, in the form that a descent step needs. */
export interface PenaltyGradient {
  /** The quadratic part, per tensor of parameters. */
  readonly decays: ReadonlyArray<Decay>
  /** The part that is not quadratic; `null` if there is no such part. */
  readonly curved: Curved | null
  /** Whether batches have terms. Terms may read the weights. */
  readonly termed: boolean
}

/** The settings of a step. */
export interface StepOptions {
  readonly rate: number
  /** m in [0, 1). */
  readonly momentum: number
}

/** A descent in progress: weights and their velocity. */
export interface Descent {
  /**
   * v ← m·v + g, w ← w − η·(g + m·v): Nesterov's accelerated gradient as Sutskever et al. (2013) write it. g is the gradient
   * of Σ scale·loss + penalty. Returns the value of this objective before the step.
   */
  readonly step: (parts: ReadonlyArray<Part>, options: StepOptions) => number
  /** Takes another penalty for the steps that follow. It is quadratic, termed, or neither, like the first one. */
  readonly penalise: (penalty: PenaltyGradient) => void
  /** The current weights. */
  readonly weights: () => Float32Array
  /** Releases its memory. Call it once, last. */
  readonly end: () => void
}

export interface LossGradient {
  /** The tensors that `k` indexes. */
  readonly parameters: ReadonlyArray<Parameter>
  /** The data loss summed over a batch, plus its term times the number of examples. */
  readonly loss: (weights: Float32Array, batch: ExampleBatch) => LossSum
  /** Writes the loss of each example of a batch, from index `at` on. */
  readonly losses: (
    weights: Float32Array,
    batch: ExampleBatch,
    into: Omit<ExampleLosses, 'labels'>,
    at: number,
  ) => void
  /** Evaluates `term` on a batch; the batch's own term is ignored. */
  readonly term: (weights: Float32Array, batch: ExampleBatch, term: Term) => TermAt
  /**
   * The loss of every part, and ∇_w Σ scale·loss of all parts together. `onGradient` may overwrite `weights`: they were read
   * before.
   */
  readonly lossAndGradient: (
    weights: Float32Array,
    parts: ReadonlyArray<Part>,
    onGradient: OnGradient,
  ) => ReadonlyArray<LossSum>
  /** Starts a descent at `start` with velocity zero. It does not change `start`. */
  readonly descent: (start: Float32Array, penalty: PenaltyGradient) => Descent
}
