/**
 * Networks of dense layers in our own WebAssembly (`assembly/dense.ts`): the forward pass, the backward pass, and steps
 * that update weights and velocities in place. It does not use tfjs, so it works with any backend.
 *
 * Notation: layer l maps x (rows × inputs) to max(0, x·W + b) or x·W + b (rows × units); dy is the gradient by x·W + b. In
 * the module's memory, rows of weights, sums and gradients are padded with zeros to whole vectors of four float32;
 * arguments and results are not padded.
 */
import { instancesOf, type Instance } from './assemblyMemory.js'
import { denseModule } from './denseModule.js'
import { gather, spread, strideOf, type PaddedRows } from './PaddedRows.js'

/** A layer y = x·W + b, or max(0, x·W + b) with `relu`. */
export interface DenseLayer {
  readonly inputs: number
  readonly units: number
  readonly activation: 'relu' | 'linear'
}

/** A sparse matrix, stored by columns: the addresses of its column starts and of its entries. */
export interface Transposed {
  readonly starts: number
  readonly entries: number
}

/**
 * A list of input rows in the memory. For each row it has the address of a dense row, or the start and end addresses of a
 * sparse row's entries.
 */
export interface RowList {
  readonly sparse: boolean
  readonly count: number
  /** The address of the list. */
  readonly address: number
  /** The total number of entries; 0 if the rows are dense. */
  readonly entries: number
  /** Caches the transpose of sparse rows that are used again; `null` for rows that are used once. */
  readonly keep: { transposed: Transposed | null } | null
}

/** The address of a network's weights, followed by a velocity and a decay for each. */
export type Address = number & { readonly address: unique symbol }

/** The parameters of a step. */
export interface Steps {
  readonly rate: number
  readonly momentum: number
  /** The weight decay of each parameter tensor (W and b of each layer in turn). 'own': that of {@link DenseNetwork.putDecay}. */
  readonly decay: ReadonlyArray<number | 'own'>
}

export interface DenseNetwork {
  readonly memory: Instance
  /** Allocates weights with zero velocities; release them with `leave`. */
  readonly place: () => Address
  readonly leave: (place: Address) => void
  /** Sets the weights: W and b of each layer in turn, row-major. */
  readonly put: (place: Address, weights: Float32Array) => void
  /** Copies the weights into `into`, in the same order. */
  readonly take: (place: Address, into: Float32Array) => void
  /** Sets a decay for each weight of the k-th tensor. */
  readonly putDecay: (place: Address, k: number, decay: Float64Array) => void
  /** Writes the logits of the rows, rows × classes. */
  readonly forward: (place: Address, rows: RowList, logits: Float32Array) => void
  /** Computes ∇ of all parameters from ∂/∂logits of the last `forward`'s rows; calls `show` for each tensor. */
  readonly gradient: (
    place: Address,
    rows: RowList,
    dLogits: Float32Array,
    show: (k: number, values: Float32Array) => void,
  ) => void
  /** Takes one step with that gradient. Returns Σ decay·w²/2 at the weights before the step. */
  readonly step: (place: Address, rows: RowList, dLogits: Float32Array, steps: Steps) => number
}

const bytesOf = (numbers: number): number => 4 * numbers
/** The number of bytes of an entry of a sparse row. */
const entrySize = 8
const start = instancesOf(denseModule)

/** The layout of a parameter tensor. */
interface Tensor extends PaddedRows {
  /** Its offset in the padded weights, in bytes. */
  readonly offset: number
  /** Its offset in the flat weights, in numbers. */
  readonly flat: number
}

const tensorsOf = (layers: ReadonlyArray<DenseLayer>): ReadonlyArray<Tensor> => {
  let offset = 0
  let flat = 0
  return layers.flatMap(({ inputs, units }) =>
    [inputs, 1].map(rows => {
      const tensor = { rows, columns: units, stride: strideOf(units), offset, flat }
      offset += rows * tensor.stride
      flat += rows * units
      return tensor
    }),
  )
}

/** A network with its own memory. Throws if the network, or a batch, needs more than 2 GB. */
export const denseNetwork = (layers: ReadonlyArray<DenseLayer>): DenseNetwork => {
  const memory = start()
  const reserve = (bytes: number): number => {
    const address = memory.reserve(bytes)
    if (address === null) throw new Error('the network and its batches need more than 2 GB')
    return address
  }
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
  const zeros = reserve(Math.max(...strides))
  const gradients = reserve(padded)
  /** Wᵀ of the current layer. */
  const transposedWeights = reserve(
    Math.max(0, ...layers.slice(1).map(({ units }, l) => units * strides[l]!)),
  )
  const free: Address[] = []

  const region = (stride: number, rows: number) => {
    const [at, list] = [reserve(rows * stride), reserve(bytesOf(rows))]
    const words = memory.words()
    for (let row = 0; row < rows; row++) words[list / 4 + row] = at + row * stride
    return { at, list }
  }
  // Buffers for each layer's outputs and gradients of `rows` rows; larger batches allocate larger buffers.
  const regions = (rows: number) => ({
    rows,
    outputs: strides.map(stride => region(stride, rows)),
    outputGradients: strides.map(stride => region(stride, rows)),
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
      const into = gradients + kernel
      // Propagate to the layer below first, with the weights before their step.
      if (l > 0) {
        const [below, dyBelow] = [strides[l - 1]!, outputGradients[l - 1]!.at]
        transposeDense(inputs, units, weights, stride, transposedWeights, below)
        denseSums(count, outputGradients[l]!.list, units, transposedWeights, zeros, below, false, dyBelow)
        if (layers[l - 1]!.activation === 'relu') throughRelu(dyBelow, outputs[l - 1]!.at, count * below)
      }
      before(2 * l)
      if (l > 0) denseGradient(count, outputs[l - 1]!.list, inputs, dy, stride, zeros, weights, into)
      else if (!rows.sparse) denseGradient(count, rows.address, inputs, dy, stride, zeros, weights, into)
      else {
        const { starts, entries } = transposed(rows)
        sparseGradient(columns, starts, entries, dy, stride, zeros, weights, into)
      }
      before(2 * l + 1)
      biasGradient(count, dy, stride, place + bias, gradients + bias)
    }
  }

  return {
    memory,
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
