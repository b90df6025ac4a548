/**
 * The one place where weights and images become tensors: a batch's loss, and its gradient by the weights.
 *
 * Weights are flat host arrays, and gradients are looked at where the backend keeps them. Handing 78,510 weights to wasm
 * takes .01 ms of a step's 1 ms, less than the kernels would that updated them there; what costs is every loop over them
 * in JavaScript, about .1 ms. So who asks for a gradient is shown it tensor by tensor and does all at one go.
 */
import * as tf from '@tensorflow/tfjs-core'
import type { Backend } from '../backend/Backend.js'
import { crossEntropy, targetedCrossEntropy, writeLosses, type LossSum } from './CrossEntropy.js'
import type { ExampleLosses, Target } from './families/Family.js'
import { addLitRows, litRows, type Lit } from './LitPixels.js'
import type { Network, Parameter } from './Network.js'

/** Labelled images that are computed together. */
export interface Batch {
  /** B × height × width × channels, row-major; or of each image the lit pixels alone. */
  readonly images: Float32Array
  /** B labels. */
  readonly labels: Uint8Array
  /** Which pixels `images` holds, all where it is absent. Only for a gradient that takes it: {@link Gradient.onlyLit}. */
  readonly lit?: Lit
  /** What its examples cost; their cross-entropy where it is absent. Its `examples` are the batch's rows. */
  readonly target?: Target
}

/** A batch whose summed loss counts `scale` times. */
export interface Part {
  readonly batch: Batch
  readonly scale: number
}

/** Shown ∇ by the tensor of weights `parameters[k]`, once for each k. `values` are gone when it returns. */
export type Take = (k: number, values: Float32Array) => void

export interface Gradient {
  /** Whether batches may come without their dark pixels, which saves their part of the first products. */
  readonly onlyLit: boolean
  /** What `k` counts. */
  readonly parameters: ReadonlyArray<Parameter>
  /** Σ of the data loss over a batch. */
  readonly loss: (weights: Float32Array, batch: Batch) => LossSum
  /** Writes what each example of a batch costs by itself, from `at` on. */
  readonly losses: (
    weights: Float32Array,
    batch: Batch,
    into: Omit<ExampleLosses, 'labels'>,
    at: number,
  ) => void
  /**
   * The same for every part, and ∇_w Σ scale·loss of all parts together. `take` may write to `weights`: they have been
   * read by then.
   */
  readonly lossAndGradient: (
    weights: Float32Array,
    parts: ReadonlyArray<Part>,
    take: Take,
  ) => ReadonlyArray<LossSum>
}

/** What a batch costs altogether, as its target says. */
const lossOf = (
  logits: Float32Array,
  { labels, target }: Batch,
  classes: number,
  gradient: Float32Array | null,
  scale: number,
): LossSum =>
  target === undefined
    ? crossEntropy(logits, labels, classes, gradient, scale)
    : targetedCrossEntropy(logits, labels, classes, target, gradient, scale)

/** The losses and gradients of a network on a backend. */
export const gradientOf = (backend: Backend, network: Network): Gradient => {
  const { parameters, entryShape, classes, pixelKernel } = network
  const pixels = network.inputShape.reduce((product, side) => product * side, 1)
  const all: Lit = { count: pixels, runs: Int32Array.of(0, pixels) }
  const onPixels = pixelKernel === null ? null : parameters[pixelKernel]!
  const units = onPixels?.shape[1] ?? 0
  const tensorsOf = (weights: Float32Array, lit: Lit | undefined): ReadonlyArray<tf.Tensor> =>
    parameters.map(parameter => {
      const { shape, offset, size } = parameter
      const values = weights.subarray(offset, offset + size)
      return lit !== undefined && parameter === onPixels
        ? tf.tensor(litRows(values, units, lit), [lit.count, units])
        : tf.tensor(values, [...shape])
    })
  const pass = (tensors: ReadonlyArray<tf.Tensor>, { images, labels, lit }: Batch) =>
    network.pass(
      tensors,
      tf.tensor(images, [labels.length, ...(lit === undefined ? entryShape : [lit.count])]),
    )
  // Where rows of lit pixels come together with the zeros of the others.
  const whole = new Float32Array(onPixels?.size ?? 0)
  return {
    // libtensorflow multiplies the zeros sooner than they are left out.
    onlyLit: onPixels !== null && backend.name !== 'node',
    parameters,
    loss: (weights, batch) =>
      backend.tidy(() =>
        lossOf(backend.values(pass(tensorsOf(weights, batch.lit), batch).logits), batch, classes, null, 1),
      ),
    losses: (weights, batch, into, at) =>
      backend.tidy(() => {
        const { logits } = pass(tensorsOf(weights, batch.lit), batch)
        writeLosses(backend.values(logits), batch.labels, classes, into, at)
      }),
    lossAndGradient: (weights, parts, take) =>
      backend.tidy(() => {
        const sums: LossSum[] = []
        let total: ReadonlyArray<tf.Tensor> | null = null
        // Parts that hold all pixels share their tensors.
        let plain: ReadonlyArray<tf.Tensor> | null = null
        const someLit = parts.some(({ batch }) => batch.lit !== undefined)
        if (someLit) whole.fill(0)
        for (const { batch, scale } of parts) {
          const tensors =
            batch.lit === undefined
              ? (plain ??= tensorsOf(weights, undefined))
              : tensorsOf(weights, batch.lit)
          const { logits, backward } = pass(tensors, batch)
          const dLogits = new Float32Array(batch.labels.length * classes)
          sums.push(lossOf(backend.values(logits), batch, classes, dLogits, scale))
          const found = backward(tf.tensor2d(dLogits, [batch.labels.length, classes]))
          if (someLit) addLitRows(whole, units, batch.lit ?? all, backend.values(found[pixelKernel!]!))
          total =
            total === null
              ? found
              : total.map((sum, k) => (someLit && k === pixelKernel ? sum : tf.add(sum, found[k]!)))
        }
        for (const [k, gradient] of (total ?? []).entries())
          take(k, someLit && k === pixelKernel ? whole : backend.values(gradient))
        return sums
      }),
  }
}
