/**
 * The interface and the memory layout that networks in our own WebAssembly share (`DenseNetwork.ts`,
 * `conv/convNetwork.ts`). Weights, velocities and images are in the module's memory, rows are lists of addresses, and steps
 * update weights in place.
 */
import type { Instance } from './assemblyMemory.js'
import { strideOf, type PaddedRows } from './PaddedRows.js'

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
  /** The weight decay of each parameter tensor (kernel and bias of each layer in turn). 'own': that of {@link AssembledNetwork.putDecay}. */
  readonly decay: ReadonlyArray<number | 'own'>
}

/** A network in the memory of a WebAssembly module. */
export interface AssembledNetwork {
  readonly memory: Instance
  /** Allocates weights with zero velocities; release them with `leave`. */
  readonly place: () => Address
  readonly leave: (place: Address) => void
  /** Sets the weights: kernel and bias of each layer in turn, row-major. */
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

/** The layout of a parameter tensor. */
export interface PlacedTensor extends PaddedRows {
  /** Its offset in the padded weights, in bytes. */
  readonly offset: number
  /** Its offset in the flat weights, in numbers. */
  readonly flat: number
}

/** Places tensors one behind the other. Each is `rows` × `columns` numbers. */
export const placedTensors = (
  shapes: ReadonlyArray<Pick<PaddedRows, 'rows' | 'columns'>>,
): ReadonlyArray<PlacedTensor> => {
  let offset = 0
  let flat = 0
  return shapes.map(({ rows, columns }) => {
    const tensor = { rows, columns, stride: strideOf(columns), offset, flat }
    offset += rows * tensor.stride
    flat += rows * columns
    return tensor
  })
}

/** Allocates bytes. Throws if the memory would exceed 2 GB. */
export const reserving =
  (memory: Instance) =>
  (bytes: number): number => {
    const address = memory.reserve(bytes)
    if (address === null) throw new Error('the network and its batches need more than 2 GB')
    return address
  }

/** Buffers of a batch, one for each example, and the list of their addresses. */
export interface Region {
  readonly at: number
  readonly list: number
  /** The bytes from one buffer to the next. */
  readonly stride: number
}

export const regionOf = (memory: Instance, stride: number, rows: number): Region => {
  const reserve = reserving(memory)
  const [at, list] = [reserve(rows * stride), reserve(4 * rows)]
  const words = memory.words()
  for (let row = 0; row < rows; row++) words[list / 4 + row] = at + row * stride
  return { at, list, stride }
}
