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
import { addTerm, examplesOf, isSparse } from './BatchTerm.js'
import { crossEntropy, targetedCrossEntropy, writeLosses, type LossSum } from './CrossEntropy.js'
import type { ExampleLosses, Target, Term, TermAt } from './families/Family.js'
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
  /** What is added to their mean cost. */
  readonly term?: Term
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
   * The loss of every part, and ∇_w Σ scale·loss of all parts together. `take` may write to `weights`: they have been
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

const hasTerm = ({ term }: Batch): boolean => term !== undefined

/** The losses and gradients of a network on a backend. */
export const gradientOf = (backend: Backend, network: Network): Gradient => {
  const { parameters, entryShape, classes, afterSums } = network
  /** Logits that stay: a term may make tensors, after which what lies where the backend keeps it is gone. */
  const valuesOf = (logits: tf.Tensor, batches: ReadonlyArray<Batch>): Float32Array =>
    batches.some(hasTerm) ? backend.values(logits).slice() : backend.values(logits)
  /** What a batch costs, with its term. `direct`: ∂/∂w of terms, at fixed logits. */
  const costOf = (
    weights: Float32Array,
    logits: Float32Array,
    batch: Batch,
    gradient: Float32Array | null = null,
    scale = 1,
    direct: Float64Array | null = null,
  ): LossSum => {
    const sum = lossOf(logits, batch, classes, gradient, scale)
    if (batch.term === undefined) return sum
    const slopes =
      gradient === null || direct === null ? null : { scale, byLogits: gradient, byWeights: direct }
    return { ...sum, loss: sum.loss + addTerm(batch.term, weights, examplesOf(batch, logits), slopes) }
  }
  const tensorsOf = (weights: Float32Array, of: ReadonlyArray<Parameter>): ReadonlyArray<tf.Tensor> =>
    of.map(({ shape, offset, size }) => tf.tensor(weights.subarray(offset, offset + size), [...shape]))
  const imagesOf = ({ images, labels }: Batch): tf.Tensor =>
    tf.tensor(isSparse(images) ? withDarkPixels(images) : images, [labels.length, ...entryShape])

  /** The way of images with all their pixels: part by part, all on the backend. */
  const dense = (
    weights: Float32Array,
    parts: ReadonlyArray<Part>,
    direct: Float64Array | null,
    take: Take,
  ): ReadonlyArray<LossSum> => {
    const tensors = tensorsOf(weights, parameters)
    const sums: LossSum[] = []
    let total: ReadonlyArray<tf.Tensor> | null = null
    for (const { batch, scale } of parts) {
      const { logits, backward } = network.pass(tensors, imagesOf(batch))
      const dLogits = new Float32Array(batch.labels.length * classes)
      sums.push(costOf(weights, valuesOf(logits, [batch]), batch, dLogits, scale, direct))
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

  /** Shows gradients with what terms add to them beside the network. */
  const withDirect =
    (direct: Float64Array, take: Take): Take =>
    (k, values) => {
      const { offset } = parameters[k]!
      take(
        k,
        values.map((value, i) => value + direct[offset + i]!),
      )
    }

  const logitsOf = (weights: Float32Array, batch: Batch): Float32Array => {
    const placed = placedOf([batch])
    const { logits } =
      placed === null
        ? network.pass(tensorsOf(weights, parameters), imagesOf(batch))
        : onwards(weights, placed, batch.labels.length)
    return valuesOf(logits, [batch])
  }

  /** The way of sparse rows: all parts as one batch, the first layer's products on them, and what follows on the backend. */
  const sparse = (
    weights: Float32Array,
    parts: ReadonlyArray<Part>,
    placed: Placed,
    direct: Float64Array | null,
    take: Take,
  ): ReadonlyArray<LossSum> => {
    const rows = parts.reduce((sum, { batch }) => sum + batch.labels.length, 0)
    const { logits, backward } = onwards(weights, placed, rows)
    const values = valuesOf(
      logits,
      parts.map(({ batch }) => batch),
    )
    const dLogits = new Float32Array(rows * classes)
    let from = 0
    const sums = parts.map(({ batch, scale }) => {
      const to = from + batch.labels.length * classes
      const [own, slopes] = [values.subarray(from, to), dLogits.subarray(from, to)]
      const sum = costOf(weights, own, batch, slopes, scale, direct)
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
    loss: (weights, batch) => backend.tidy(() => costOf(weights, logitsOf(weights, batch), batch)),
    losses: (weights, batch, into, at) =>
      backend.tidy(() => writeLosses(logitsOf(weights, batch), batch.labels, classes, into, at)),
    term: (weights, batch, term) =>
      backend.tidy(() => term(weights, examplesOf(batch, logitsOf(weights, { ...batch, term })))),
    lossAndGradient: (weights, parts, take) =>
      backend.tidy(() => {
        const batches = parts.map(({ batch }) => batch)
        const placed = placedOf(batches)
        const direct = batches.some(hasTerm) ? new Float64Array(network.size) : null
        const taken = direct === null ? take : withDirect(direct, take)
        return placed === null
          ? dense(weights, parts, direct, taken)
          : sparse(weights, parts, placed, direct, taken)
      }),
  }
}
