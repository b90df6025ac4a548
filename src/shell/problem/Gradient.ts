/**
 * The one place where weights and images become tensors: a batch's loss, and its gradient by the weights.
 *
 * Weights are flat host arrays, and gradients are looked at where the backend keeps them. Handing 78,510 weights to wasm
 * takes .01 ms of a step's 1 ms, less than the kernels would that updated them there; what costs is every loop over them
 * in JavaScript, about .1 ms. So who asks for a gradient is shown it tensor by tensor and does all at one go.
 */
import * as tf from '@tensorflow/tfjs-core'
import type { Backend } from '../backend/Backend.js'
import { place, type Placed, type SparseRows } from '../backend/kernels/sparseRows.js'
import { crossEntropy, targetedCrossEntropy, writeLosses, type LossSum } from './CrossEntropy.js'
import type { ExampleLosses, Target } from './families/Family.js'
import type { Network, Parameter } from './Network.js'
import { withDarkPixels } from './SparseImages.js'

/** Labelled images that are computed together. */
export interface Batch {
  /** B × height × width × channels, row-major; or sparse rows (SparseImages.ts), for a gradient that takes them. */
  readonly images: Float32Array | SparseRows
  /** B labels. */
  readonly labels: Uint8Array
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
  /** Whether images may come as sparse rows, and had better where most pixels are dark. */
  readonly takesSparse: boolean
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

const isSparse = (images: Batch['images']): images is SparseRows => !(images instanceof Float32Array)

/** The losses and gradients of a network on a backend. */
export const gradientOf = (backend: Backend, network: Network): Gradient => {
  const { parameters, entryShape, classes, afterSums } = network
  const tensorsOf = (weights: Float32Array, of: ReadonlyArray<Parameter>): ReadonlyArray<tf.Tensor> =>
    of.map(({ shape, offset, size }) => tf.tensor(weights.subarray(offset, offset + size), [...shape]))
  const imagesOf = ({ images, labels }: Batch): tf.Tensor =>
    tf.tensor(isSparse(images) ? withDarkPixels(images) : images, [labels.length, ...entryShape])

  /** The way of images with all their pixels: part by part, all on the backend. */
  const dense = (weights: Float32Array, parts: ReadonlyArray<Part>, take: Take): ReadonlyArray<LossSum> => {
    const tensors = tensorsOf(weights, parameters)
    const sums: LossSum[] = []
    let total: ReadonlyArray<tf.Tensor> | null = null
    for (const { batch, scale } of parts) {
      const { logits, backward } = network.pass(tensors, imagesOf(batch))
      const dLogits = new Float32Array(batch.labels.length * classes)
      sums.push(lossOf(backend.values(logits), batch, classes, dLogits, scale))
      const found = backward(tf.tensor2d(dLogits, [batch.labels.length, classes]))
      total = total === null ? found : total.map((sum, k) => tf.add(sum, found[k]!))
    }
    for (const [k, gradient] of (total ?? []).entries()) take(k, backend.values(gradient))
    return sums
  }

  // W and b lie one behind the other, as the rows of one matrix.
  const [kernel, bias, ...behind] = parameters
  const first = (weights: Float32Array): Float32Array =>
    weights.subarray(kernel!.offset, bias!.offset + bias!.size)

  /** Images as sparse rows, below one another, in the memory of the sparse products; `null` where one has all its pixels. */
  const placedOf = (batches: ReadonlyArray<Batch>): Placed | null => {
    const images = batches.map(({ images }) => images).filter(isSparse)
    return afterSums === null || images.length === 0 || images.length < batches.length
      ? null
      : place(images, afterSums.units)
  }

  /** From sparse images to the logits. */
  const onwards = (weights: Float32Array, placed: Placed, rows: number) => {
    // A backend may keep the array that a tensor is made of.
    const sums = tf.tensor2d(placed.times(first(weights)).slice(), [rows, afterSums!.units])
    return afterSums!.pass(tensorsOf(weights, behind), sums)
  }

  const logitsOf = (weights: Float32Array, batch: Batch): Float32Array => {
    const placed = placedOf([batch])
    const { logits } =
      placed === null
        ? network.pass(tensorsOf(weights, parameters), imagesOf(batch))
        : onwards(weights, placed, batch.labels.length)
    return backend.values(logits)
  }

  /** The way of sparse rows: all parts as one batch, the first layer's products on them, and what follows on the backend. */
  const sparse = (
    weights: Float32Array,
    parts: ReadonlyArray<Part>,
    placed: Placed,
    take: Take,
  ): ReadonlyArray<LossSum> => {
    const rows = parts.reduce((sum, { batch }) => sum + batch.labels.length, 0)
    const { logits, backward } = onwards(weights, placed, rows)
    const values = backend.values(logits)
    const dLogits = new Float32Array(rows * classes)
    let from = 0
    const sums = parts.map(({ batch, scale }) => {
      const to = from + batch.labels.length * classes
      const sum = lossOf(values.subarray(from, to), batch, classes, dLogits.subarray(from, to), scale)
      from = to
      return sum
    })
    const back = backward(tf.tensor2d(dLogits, [rows, classes]))
    const gradient = placed.transposedTimes(backend.values(back.sums))
    take(0, gradient.subarray(0, kernel!.size))
    take(1, gradient.subarray(kernel!.size))
    for (const [k, found] of back.parameters.entries()) take(k + 2, backend.values(found))
    return sums
  }

  return {
    // libtensorflow multiplies the zeros sooner than they are left out.
    takesSparse: afterSums !== null && backend.name !== 'node',
    parameters,
    loss: (weights, batch) => backend.tidy(() => lossOf(logitsOf(weights, batch), batch, classes, null, 1)),
    losses: (weights, batch, into, at) =>
      backend.tidy(() => writeLosses(logitsOf(weights, batch), batch.labels, classes, into, at)),
    lossAndGradient: (weights, parts, take) =>
      backend.tidy(() => {
        const placed = placedOf(parts.map(({ batch }) => batch))
        return placed === null ? dense(weights, parts, take) : sparse(weights, parts, placed, take)
      }),
  }
}
