/**
 * Cross-entropy of logits, in float64 on the host: a batch has few logits, and a loss that is summed over a whole
 * set in float32 would be too coarse for a value function.
 *
 * For logits z and label y: ℓ = ln Σ_j exp(z_j) − z_y, ∂ℓ/∂z_j = softmax(z)_j − [j = y].
 */

/** A sum over examples, to be divided by their number. */
export interface LossSum {
  readonly loss: number
  /** Examples whose largest logit is their label's. */
  readonly correct: number
}

/**
 * Σ ℓ over the rows of `logits` (rows × classes, row-major). Where `gradient` is given, `scale`·∂ℓ/∂z is written
 * to it.
 */
export const crossEntropy = (
  logits: ArrayLike<number>,
  labels: Uint8Array,
  classes: number,
  gradient: Float32Array | null = null,
  scale = 1,
): LossSum => {
  let loss = 0
  let correct = 0
  const powers = new Float64Array(classes)
  for (let row = 0; row < labels.length; row++) {
    const start = row * classes
    let best = 0
    let sum = 0
    for (let j = 1; j < classes; j++) if (logits[start + j]! > logits[start + best]!) best = j
    const largest = logits[start + best]!
    for (let j = 0; j < classes; j++) {
      const power = Math.exp(logits[start + j]! - largest)
      powers[j] = power
      sum += power
    }
    const label = labels[row]!
    loss += Math.log(sum) + largest - logits[start + label]!
    if (best === label) correct += 1
    if (gradient !== null)
      for (let j = 0; j < classes; j++)
        gradient[start + j] = scale * (powers[j]! / sum - (j === label ? 1 : 0))
  }
  return { loss, correct }
}
