/**
 * A stage of a network of convolutions: a convolution with the pooling that follows it (`convolutionStage.ts`), or pooling
 * alone (`poolStage.ts`). It computes one example at a time, so that what it computes in between stays in the processor's
 * cache.
 *
 * Notation: x the input, y the output, dx and dy the gradients by them. All are addresses of images.
 */
import type { Instance } from '../assemblyMemory.js'
import type { Layout } from './Layout.js'

export interface Stage {
  /** Bytes for the places of one example's maxima; 0 if all examples have the same. */
  readonly choices: number
  /** Whether it has weights. */
  readonly weighted: boolean
  readonly forward: (place: number, x: number, y: number, chosen: number) => void
  /** Before the examples of a batch go backward. `wantsInput`: whether they need dx. */
  readonly begin: (place: number, wantsInput: boolean) => void
  /** Adds the gradient of an example by the weights. Writes dx, unless that is `null`. */
  readonly backward: (x: number, y: number, dy: number, chosen: number, dx: number | null) => void
  /** After them: stores the gradient by the weights at `gradients`. `before` tells whether to step with the k-th tensor. */
  readonly end: (place: number, gradients: number, before: (k: number) => void) => void
}

/** The memory of a stage, and the layouts of its input and output. */
export interface Surroundings {
  readonly memory: Instance
  readonly input: Layout
  readonly output: Layout
  /** The number of pixels of y in a row. */
  readonly columns: number
}
