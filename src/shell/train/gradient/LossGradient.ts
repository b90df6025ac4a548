/** What trains a network: losses of batches, their gradients by the weights, and steps of descent. */
import type { Batch } from '../../model/Batch.js'
import type { LossSum } from '../../model/crossEntropy.js'
import type { Curved, Decay, ExampleLosses, Term, TermAt } from '../../model/families/Family.js'
import type { Parameter } from '../../model/Network.js'

/** A batch whose summed loss counts `scale` times. */
export interface Part {
  readonly batch: Batch
  readonly scale: number
}

/** Shown ∇ by the tensor of weights `parameters[k]`, once for each k. `values` are gone when it returns. */
export type OnGradient = (k: number, values: Float32Array) => void

/** A penalty's gradient, as a step takes it. */
export interface PenaltyGradient {
  /** The quadratic part, by tensor of parameters. */
  readonly decays: ReadonlyArray<Decay>
  /** The rest; `null` where there is none. */
  readonly curved: Curved | null
  /** Whether batches come with terms, which may look at weights. */
  readonly termed: boolean
}

/** How far a step goes. */
export interface StepOptions {
  readonly rate: number
  /** m in [0, 1). */
  readonly momentum: number
}

/** Weights that go down, and how fast they go. */
export interface Descent {
  /**
   * v ← m·v + g, w ← w − η·(g + m·v), as Sutskever et al. (2013) write Nesterov's accelerated gradient; g is that of
   * Σ scale·loss + penalty. Returns the value of these as they were.
   */
  readonly step: (parts: ReadonlyArray<Part>, options: StepOptions) => number
  /** Where they are now. */
  readonly weights: () => Float32Array
  /** Gives up what it holds; to be called once, last. */
  readonly end: () => void
}

export interface LossGradient {
  /** What `k` counts. */
  readonly parameters: ReadonlyArray<Parameter>
  /** Σ of the data loss over a batch, and its term as often as it has examples. */
  readonly loss: (weights: Float32Array, batch: Batch) => LossSum
  /** Writes what each example of a batch costs by itself, from `at` on. */
  readonly losses: (
    weights: Float32Array,
    batch: Batch,
    into: Omit<ExampleLosses, 'labels'>,
    at: number,
  ) => void
  /** A term on a batch, whatever the batch's own is. */
  readonly term: (weights: Float32Array, batch: Batch, term: Term) => TermAt
  /**
   * The loss of every part, and ∇_w Σ scale·loss of all parts together. `onGradient` may write to `weights`: they have been
   * read by then.
   */
  readonly lossAndGradient: (
    weights: Float32Array,
    parts: ReadonlyArray<Part>,
    onGradient: OnGradient,
  ) => ReadonlyArray<LossSum>
  /** Begins at `start`, which it leaves as it is, at rest. */
  readonly descent: (start: Float32Array, penalty: PenaltyGradient) => Descent
}
