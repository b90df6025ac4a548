/**
 * Networks of dense layers in our own WebAssembly (`assembly/dense.ts`): the forward pass, the backward pass, and steps
 * that update weights and velocities in place. It does not use tfjs, so it works with any backend.
 *
 * Notation: layer l maps x (rows × inputs) to max(0, x·W + b) or x·W + b (rows × units); dy is the gradient by x·W + b. In
 * the module's memory, rows of weights, sums and gradients are padded with zeros to whole vectors of four float32;
 * arguments and results are not padded.
 */
import {
  placedTensors,
  regionOf,
  reserving,
  type Address,
  type AssembledNetwork,
  type PlacedTensor,
  type Region,
  type RowList,
  type Transposed,
} from './AssembledNetwork.js'
import { instancesOf } from './assemblyMemory.js'
import { denseModule } from './denseModule.js'
import { gather, spread, strideOf } from './PaddedRows.js'

/** A layer y = x·W + b, or max(0, x·W + b) with `relu`. */
export interface DenseLayer {
  readonly inputs: number
  readonly units: number
  readonly activation: 'relu' | 'linear'
}

const bytesOf = (numbers: number): number => 4 * numbers
/** The number of bytes of an entry of a sparse row. */
const entrySize = 8
const start = instancesOf(denseModule)

const tensorsOf = (layers: ReadonlyArray<DenseLayer>): ReadonlyArray<PlacedTensor> =>
  placedTensors(layers.flatMap(({ inputs, units }) => [inputs, 1].map(rows => ({ rows, columns: units }))))

/** A network of dense layers. */
export interface DenseNetwork extends AssembledNetwork {
  /** The gradients by the inputs of the last `gradient` or `step`, if they were asked for. */
  readonly inputGradients: () => Region
}

/**
 * A network in a memory of its own, or in one that is given. `below`: compute gradients by the inputs, too. Throws if the
 * network, or a batch, needs more than 2 GB.
 */
export const denseNetwork = (
  layers: ReadonlyArray<DenseLayer>,
  { memory = start(), below = false } = {},
): DenseNetwork => {
  const reserve = reserving(memory)
  const sparseSums = memory.exported('sparseSums')
  const denseSums = memory.exported('denseSums')
  const transposeSparse = memory.exported('transposeSparse')
  const transposeDense = memory.exported('transposeDense')
  const sparseGradient = memory.exported('sparseGradient')
  const denseGradient = memory.exported('denseGradient')
  const biasGradient = memory.exported('biasGradient')
  const throughRelu = memory.exported('throughRelu')
  const keepGradients = memory.exported('keepGradients')
  const takeSteps = memory.exported('takeSteps')
  const takePenalty = memory.exported('takePenalty')

  const tensors = tensorsOf(layers)
  const strides = layers.map(({ units }) => strideOf(units))
  const last = tensors.at(-1)!
  const padded = last.offset + last.stride
  const columns = layers[0]!.inputs
  /** The bytes of a row of each layer's inputs. */
  const inputStrides = layers.map(({ inputs }) => strideOf(inputs))
  const lowest = below ? 0 : 1
  const zeros = reserve(Math.max(...strides, ...inputStrides.slice(lowest)))
  const gradients = reserve(padded)
  /** Wᵀ of the current layer. */
  const transposedWeights = reserve(
    Math.max(0, ...layers.map(({ units }, l) => (l < lowest ? 0 : units * inputStrides[l]!))),
  )
  const free: Address[] = []

  // Buffers for each layer's outputs and gradients of `rows` rows; larger batches allocate larger buffers.
  const regions = (rows: number) => ({
    rows,
    outputs: strides.map(stride => regionOf(memory, stride, rows)),
    outputGradients: strides.map(stride => regionOf(memory, stride, rows)),
    inputGradients: below ? regionOf(memory, inputStrides[0]!, rows) : null,
  })
  let room = regions(64)
  const transposeRoom = (most: number) => ({
    most,
    starts: reserve(bytesOf(columns + 2)),
    entries: reserve(most * entrySize),
  })
  let spare = transposeRoom(0)

  const transposed = ({ count, address, entries, keep }: RowList): Transposed => {
    if (keep !== null && keep.transposed !== null) return keep.transposed
    if (keep === null && entries > spare.most) spare = transposeRoom(Math.ceil(1.25 * entries))
    const room = keep === null ? spare : transposeRoom(entries)
    transposeSparse(count, address, columns, room.starts, room.entries)
    if (keep !== null) keep.transposed = room
    return room
  }

  /** Goes from ∂/∂logits back to the first layer. `before` tells the module whether to store or apply the k-th gradient. */
  const backward = (
    place: Address,
    rows: RowList,
    dLogits: Float32Array,
    before: (k: number) => void,
  ): void => {
    const { count } = rows
    const { outputs, outputGradients } = room
    spread(memory, { ...last, rows: count }, outputGradients.at(-1)!.at, dLogits, 0)
    for (let l = layers.length - 1; l >= 0; l--) {
      const { inputs, units } = layers[l]!
      const stride = strides[l]!
      const dy = outputGradients[l]!.at
      const [kernel, bias] = [tensors[2 * l]!.offset, tensors[2 * l + 1]!.offset]
      const weights = place + kernel
      const dW = gradients + kernel
      // Propagate to the layer below first, with the weights before their step.
      const into = l > 0 ? outputGradients[l - 1]! : room.inputGradients
      if (into !== null) {
        const width = inputStrides[l]!
        transposeDense(inputs, units, weights, stride, transposedWeights, width)
        denseSums(count, outputGradients[l]!.list, units, transposedWeights, zeros, width, false, into.at)
      }
      if (l > 0 && layers[l - 1]!.activation === 'relu')
        throughRelu(outputGradients[l - 1]!.at, outputs[l - 1]!.at, count * inputStrides[l]!)
      before(2 * l)
      if (l > 0) denseGradient(count, outputs[l - 1]!.list, inputs, dy, stride, zeros, weights, dW)
      else if (!rows.sparse) denseGradient(count, rows.address, inputs, dy, stride, zeros, weights, dW)
      else {
        const { starts, entries } = transposed(rows)
        sparseGradient(columns, starts, entries, dy, stride, zeros, weights, dW)
      }
      before(2 * l + 1)
      biasGradient(count, dy, stride, place + bias, gradients + bias)
    }
  }

  return {
    memory,
    inputGradients: () => room.inputGradients!,
    place: () => {
      // Weights, then velocities, then decays. Clear reused memory: a diverged training may have left NaN in the padding.
      const place = free.pop() ?? (reserve(3 * padded) as Address)
      memory.floats().fill(0, place / 4, (place + 2 * padded) / 4)
      return place
    },
    leave: place => {
      free.push(place)
    },
    put: (place, weights) => {
      for (const tensor of tensors) spread(memory, tensor, place + tensor.offset, weights, tensor.flat)
    },
    take: (place, into) => {
      for (const tensor of tensors) gather(memory, tensor, place + tensor.offset, into, tensor.flat)
    },
    putDecay: (place, k, decay) =>
      spread(memory, tensors[k]!, place + 2 * padded + tensors[k]!.offset, decay, 0),
    forward: (place, rows, logits) => {
      const { count } = rows
      if (count > room.rows) room = regions(count)
      const { outputs } = room
      for (const [l, { inputs, activation }] of layers.entries()) {
        const [weights, bias] = [place + tensors[2 * l]!.offset, place + tensors[2 * l + 1]!.offset]
        const [stride, out] = [strides[l]!, outputs[l]!.at]
        const relu = activation === 'relu'
        const list = l === 0 ? rows.address : outputs[l - 1]!.list
        if (l === 0 && rows.sparse) sparseSums(count, list, weights, bias, stride, relu, out)
        else denseSums(count, list, inputs, weights, bias, stride, relu, out)
      }
      gather(memory, { ...last, rows: count }, outputs.at(-1)!.at, logits, 0)
    },
    gradient: (place, rows, dLogits, show) => {
      keepGradients()
      backward(place, rows, dLogits, () => undefined)
      for (const [k, tensor] of tensors.entries()) {
        const [at, count] = [gradients + tensor.offset, tensor.rows * tensor.columns]
        if (tensor.stride === bytesOf(tensor.columns))
          show(k, memory.floats().subarray(at / 4, at / 4 + count))
        else {
          const flat = new Float32Array(count)
          gather(memory, tensor, at, flat, 0)
          show(k, flat)
        }
      }
    },
    step: (place, rows, dLogits, { rate, momentum, decay }) => {
      backward(place, rows, dLogits, k => {
        const own = decay[k]!
        if (own === 'own') takeSteps(rate, momentum, padded, 2 * padded, 0)
        else takeSteps(rate, momentum, padded, 0, own)
      })
      return Number(takePenalty())
    },
  }
}
