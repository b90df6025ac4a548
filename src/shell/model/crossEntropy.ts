/**
 * Cross-entropy of logits, in float64 on the host. This is cheap, because a batch has few logits. A sum over a whole set in
 * float32 would be too inaccurate for a value function.
 *
 * For logits z and label y: ℓ = ln Σ_j exp(z_j) − z_y, ∂ℓ/∂z_j = softmax(z)_j − [j = y].
 */
import type { ExampleBatch } from './ExampleBatch.js'
import type { ExampleLosses, Target } from './families/Family.js'

/** Sums over examples, which are divided by their number later. */
export interface LossSum {
  readonly loss: number
  /** The number of examples whose largest logit is that of their label. */
  readonly correct: number
}

/**
 * Σ ℓ over the rows of `logits` (rows × classes, row-major). Writes `scale`·∂ℓ/∂z to `gradient`, unless that is `null`.
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

/**
 * {@link crossEntropy} with the costs of a `target`: row i has the factor a_i·b_y, and a share s of its label is spread evenly
 * over all classes.
 *
 * ∂/∂z_j = a_i·b_y·(softmax(z)_j − (1 − s)[j = y] − s/C).
 */
export const targetedCrossEntropy = (
  logits: ArrayLike<number>,
  labels: Uint8Array,
  classes: number,
  { examples, classes: byClass, smoothing }: Target,
  gradient: Float32Array | null = null,
  scale = 1,
): LossSum => {
  const share = smoothing / classes
  const row = new Float64Array(classes)
  const slopes = gradient === null ? null : new Float32Array(classes)
  let loss = 0
  let correct = 0
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    let even = 0
    for (let j = 0; j < classes; j++) {
      row[j] = logits[i * classes + j]!
      even += row[j]!
    }
    const factor = (examples?.[i] ?? 1) * (byClass?.[label] ?? 1)
    const plain = crossEntropy(row, labels.subarray(i, i + 1), classes, slopes)
    correct += plain.correct
    // ℓ(z, j) = ℓ(z, y) + z_y − z_j.
    loss += factor * (plain.loss + smoothing * (row[label]! - even / classes))
    if (gradient !== null && slopes !== null)
      for (let j = 0; j < classes; j++)
        gradient[i * classes + j] = scale * factor * (slopes[j]! - share + (j === label ? smoothing : 0))
  }
  return { loss, correct }
}

/** The summed cost of a batch, with its target if it has one. */
export const lossOf = (
  logits: Float32Array,
  { labels, target }: Pick<ExampleBatch, 'labels' | 'target'>,
  classes: number,
  gradient: Float32Array | null,
  scale: number,
): LossSum =>
  target === undefined
    ? crossEntropy(logits, labels, classes, gradient, scale)
    : targetedCrossEntropy(logits, labels, classes, target, gradient, scale)

/** Writes ℓ(z, y) and (1/C) Σ_j ℓ(z, j) of each row to `own` and `even`, from index `at` on. */
export const writeLosses = (
  logits: ArrayLike<number>,
  labels: Uint8Array,
  classes: number,
  { own, even }: Omit<ExampleLosses, 'labels'>,
  at: number,
): void => {
  const row = new Float64Array(classes)
  for (let i = 0; i < labels.length; i++) {
    let sum = 0
    for (let j = 0; j < classes; j++) {
      row[j] = logits[i * classes + j]!
      sum += row[j]!
    }
    const { loss } = crossEntropy(row, labels.subarray(i, i + 1), classes)
    own[at + i] = loss
    even[at + i] = loss + row[labels[i]!]! - sum / classes
  }
}
