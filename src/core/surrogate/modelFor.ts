import type { ModelName } from './valueFunctionState.js'

/**
 * The model that suits a window of n samples with gradients in d dimensions.
 *
 * Structured where d > n. Up to there the span of the samples is all of the space, so that the structured process has
 * as many rows as the dense one, and no length scales of its own dimensions to show for it. Beyond, it has n² rows
 * instead of n(d + 1), and there are fewer samples than length scales to fit to them. Measured at n = 16, it is the
 * faster one to condition from d = 16 on, four times at d = 30 and over twenty times at d = 50 (docs/gp.md).
 */
export const modelFor = (n: number, d: number): ModelName => (d > n ? 'structured' : 'dense')
