/**
 * Networks of dense layers on WebAssembly of our own (`assembly/dense.ts`): sums forward, gradients back, and steps that
 * leave weights and velocities where they are. No part of tfjs is in it, so that any backend may use it.
 *
 * Notation: layer l takes x (rows × inputs) to max(0, x·W + b) or x·W + b (rows × units); dy is the gradient by x·W + b. In the
 * module's memory rows of weights, sums and gradients are padded by zeros to whole vectors of four float32; what goes in
 * and comes out is not.
 */
import { instancesOf, type Instance } from './assemblyMemory.js'
import { denseModule } from './denseModule.js'
import { gather, spread, strideOf, type PaddedRows } from './PaddedRows.js'

/** y = x·W + b, and max(0, y) of it where asked. */
export interface DenseLayer {
  readonly inputs: number
  readonly units: number
  readonly activation: 'relu' | 'linear'
}

/** A sparse matrix by its columns. */
export interface Transposed {
  readonly starts: number
  readonly entries: number
}

/** Inputs in the memory, a row each: addresses of dense rows, or of where a sparse one's entries begin and end. */
export interface RowList {
  readonly sparse: boolean
  readonly count: number
  readonly address: number
  /** How many entries they have together; 0 where they are dense. */
  readonly entries: number
  /** Where sparse rows that will come again keep their transpose. */
  readonly keep: { transposed: Transposed | null } | null
}

/** Flat weights in the memory, with room for a velocity and a decay of each. */
export type Place = number & { readonly place: unique symbol }

/** How far a step goes, and by which multiple of each weight its penalty pulls. */
export interface Steps {
  readonly rate: number
  readonly momentum: number
  /** By tensor of parameters: W and b of each layer in turn. 'own': those that {@link DenseNetwork.putDecay} was given. */
  readonly decay: ReadonlyArray<number | 'own'>
}

export interface DenseNetwork {
  readonly memory: Instance
  /** Room for weights, with velocities that are zero; to be given back by `leave`. */
  readonly place: () => Place
  readonly leave: (place: Place) => void
  /** W and b of each layer in turn, row-major. */
  readonly put: (place: Place, weights: Float32Array) => void
  readonly take: (place: Place, into: Float32Array) => void
  /** A decay of its own for each weight of the k-th tensor. */
  readonly putDecay: (place: Place, k: number, decay: Float64Array) => void
  /** Writes the logits of the rows, rows × classes. */
  readonly forward: (place: Place, rows: RowList, logits: Float32Array) => void
  /** ∇ of all parameters, from ∂/∂logits of the rows that have just gone forward; shown one tensor at a time. */
  readonly gradient: (
    place: Place,
    rows: RowList,
    dLogits: Float32Array,
    show: (k: number, values: Float32Array) => void,
  ) => void
  /** One step by that gradient. Returns Σ decay·w²/2 as it was. */
  readonly step: (place: Place, rows: RowList, dLogits: Float32Array, steps: Steps) => number
}

const bytesOf = (numbers: number): number => 4 * numbers
/** Bytes of an entry of a sparse row. */
const entrySize = 8
const start = instancesOf(denseModule)

/** Where a tensor of parameters lies among the padded weights. */
interface Tensor extends PaddedRows {
  /** In bytes, among padded weights. */
  readonly offset: number
  /** In numbers, among flat weights. */
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

/** A network in a memory of its own. Errors: one that needs more than 2 GB, or a batch that does. */
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
  /** A layer's Wᵀ. */
  const turned = reserve(Math.max(0, ...layers.slice(1).map(({ units }, l) => units * strides[l]!)))
  const free: Place[] = []

  const region = (stride: number, rows: number) => {
    const [at, list] = [reserve(rows * stride), reserve(bytesOf(rows))]
    const words = memory.words()
    for (let row = 0; row < rows; row++) words[list / 4 + row] = at + row * stride
    return { at, list }
  }
  // Each layer's outputs and gradients for so many rows, and a transpose of so many entries; larger ones when they are asked for.
  const regions = (rows: number) => ({
    rows,
    outputs: strides.map(stride => region(stride, rows)),
    slopes: strides.map(stride => region(stride, rows)),
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

  /** From ∂/∂logits back to the first layer. `before` tells the module what to do with the k-th tensor's gradient. */
  const backward = (
    place: Place,
    rows: RowList,
    dLogits: Float32Array,
    before: (k: number) => void,
  ): void => {
    const { count } = rows
    const { outputs, slopes } = room
    spread(memory, { ...last, rows: count }, slopes.at(-1)!.at, dLogits, 0)
    for (let l = layers.length - 1; l >= 0; l--) {
      const { inputs, units } = layers[l]!
      const stride = strides[l]!
      const dy = slopes[l]!.at
      const [kernel, bias] = [tensors[2 * l]!.offset, tensors[2 * l + 1]!.offset]
      const weights = place + kernel
      const into = gradients + kernel
      // What goes further down is by the weights as they are before they step.
      if (l > 0) {
        const [below, further] = [strides[l - 1]!, slopes[l - 1]!.at]
        transposeDense(inputs, units, weights, stride, turned, below)
        denseSums(count, slopes[l]!.list, units, turned, zeros, below, false, further)
        if (layers[l - 1]!.activation === 'relu') throughRelu(further, outputs[l - 1]!.at, count * below)
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
      // Weights, velocities and decays, one behind the other. What diverged may have left no zeros between the rows.
      const place = free.pop() ?? (reserve(3 * padded) as Place)
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
        const pull = decay[k]!
        if (pull === 'own') takeSteps(rate, momentum, padded, 2 * padded, 0)
        else takeSteps(rate, momentum, padded, 0, pull)
      })
      return Number(takePenalty())
    },
  }
}
