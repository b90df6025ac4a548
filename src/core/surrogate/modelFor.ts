import type { ModelName } from './valueFunctionState.js'

/**
 * The model that suits a window of n samples with gradients in d dimensions.
 *
 * Structured if d > n. For d ≤ n the span of the samples is the whole space, so the structured process has as many rows
 * as the dense one, at the price of per-dimension length scales. For d > n it has n² rows instead of n(d + 1), and
 * there are fewer samples than length scales to fit. Measured at n = 16, conditioning it is faster from d = 16 on, four
 * times at d = 30 and over twenty times at d = 50 (docs/gp.md).
 */
export const modelFor = (n: number, d: number): ModelName => (d > n ? 'structured' : 'dense')
