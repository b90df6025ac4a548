/**
 * Networks of convolutions, poolings and dense layers in our own WebAssembly (`assembly/conv.ts`), without tfjs. The
 * convolutions go example by example; the dense layers behind them are a {@link denseNetwork} in the same memory, for which
 * a batch of flattened images is a list of rows.
 */
import {
  placedTensors,
  regionOf,
  reserving,
  type Address,
  type AssembledNetwork,
  type Region,
  type RowList,
} from '../AssembledNetwork.js'
import { instancesOf } from '../assemblyMemory.js'
import { inputLayout, outputShape, type Pool, type SpatialLayer } from './Layout.js'
import { convModule } from '../convModule.js'
import { convolutionStage } from './convolutionStage.js'
import { poolStage } from './poolStage.js'
import type { Stage } from './Stage.js'
import { denseNetwork, type DenseLayer } from '../DenseNetwork.js'
import { gather, spread } from '../PaddedRows.js'

/** The layers of a network: on images at first, then on their flattened outputs. */
export interface ConvLayers {
  readonly spatial: ReadonlyArray<SpatialLayer>
  /** At least one. */
  readonly dense: ReadonlyArray<DenseLayer>
}

const start = instancesOf(convModule)

/** A layer with the pooling that its stage does, too. */
type Grouped = readonly [SpatialLayer, Pool | null]

/** A pooling that follows a convolution is part of its stage. */
const grouped = (layers: ReadonlyArray<SpatialLayer>): ReadonlyArray<Grouped> => {
  const [layer, next, ...rest] = layers
  if (layer === undefined) return []
  return layer.kind === 'convolution' && next?.kind === 'pool'
    ? [[layer, next], ...grouped(rest)]
    : [[layer, null], ...grouped(layers.slice(1))]
}

/** A network with its own memory. Throws if the network, or a batch, needs more than 2 GB. */
export const convNetwork = ({ spatial, dense }: ConvLayers): AssembledNetwork => {
  const memory = start()
  const reserve = reserving(memory)
  const copyRows = memory.exported('copyRows')
  const keepGradients = memory.exported('keepGradients')
  const takeSteps = memory.exported('takeSteps')
  const takePenalty = memory.exported('takePenalty')

  const tensors = placedTensors(
    spatial.flatMap(layer =>
      layer.kind === 'pool'
        ? []
        : [layer.size ** 2 * layer.input[2], 1].map(rows => ({ rows, columns: layer.filters })),
    ),
  )
  const groups = grouped(spatial)
  const layouts = groups.map(([layer]) => inputLayout(layer, layer.input))
  const outputs = groups.map(([layer, pool]) => outputShape(pool ?? layer))
  const flat = inputLayout(undefined, outputs.at(-1)!)
  let placed = 0
  const stages = groups.map(([layer, pool], s): Stage => {
    const around = { memory, input: layouts[s]!, output: layouts[s + 1] ?? flat, columns: outputs[s]![1] }
    if (layer.kind === 'pool') return poolStage(around)
    placed += 2
    return convolutionStage(layer, pool, [tensors[placed - 2]!, tensors[placed - 1]!], placed - 2, around)
  })
  /** The first stage with weights; gradients go no further back. */
  const lowest = stages.findIndex(({ weighted }) => weighted)
  const tail = denseNetwork(dense, { memory, below: lowest >= 0 })
  const last = tensors.at(-1)
  const padded = last === undefined ? 0 : last.offset + last.stride
  /** The number of weights before those of the dense layers. */
  const before = last === undefined ? 0 : last.flat + last.columns
  const gradients = reserve(padded)
  /** dx of each stage, for one example. */
  const inputGradients = layouts.map(({ stride }) => reserve(stride + 16))
  const tails = new Map<Address, Address>()
  const free: Address[] = []

  // Images are read where they are, unless the first layer needs a border.
  const [entry] = layouts
  const bordered = entry!.origin > 0 || entry!.row > entry!.width
  const regions = (rows: number) => ({
    rows,
    entry: bordered ? regionOf(memory, entry!.stride, rows) : null,
    outputs: stages.map((_, s) => regionOf(memory, (layouts[s + 1] ?? flat).stride, rows)),
    chosen: stages.map(({ choices }) => regionOf(memory, choices, rows)),
  })
  let room = regions(64)

  const flattened = (count: number): RowList => ({
    sparse: false,
    count,
    address: room.outputs.at(-1)!.list,
    entries: 0,
    keep: null,
  })
  /** The address of each stage's input of an example. `images`: the list of the images' addresses, in words. */
  const inputOf = (s: number, example: number, images: number): number => {
    const region: Region | null = s === 0 ? room.entry : room.outputs[s - 1]!
    return region === null ? memory.words()[images + example]! : region.at + example * region.stride
  }
  const at = ({ at, stride }: Region, example: number): number => at + example * stride

  /** The gradients by the weights of convolutions, from those by the inputs of the dense layers. */
  const backward = (place: Address, rows: RowList, before: (k: number) => void): void => {
    if (lowest < 0) return
    for (const [s, stage] of stages.entries()) stage.begin(place, s > lowest)
    const slopes = tail.inputGradients()
    for (let example = 0; example < rows.count; example++) {
      let dy = at(slopes, example)
      for (let s = stages.length - 1; s >= lowest; s--) {
        const [y, chosen] = [at(room.outputs[s]!, example), at(room.chosen[s]!, example)]
        const dx = s > lowest ? inputGradients[s]! : null
        if (dx !== null) memory.floats().fill(0, dx / 4, (dx + layouts[s]!.stride) / 4)
        stages[s]!.backward(inputOf(s, example, rows.address / 4), y, dy, chosen, dx)
        dy = inputGradients[s]!
      }
    }
    for (const stage of stages) stage.end(place, gradients, before)
  }

  return {
    memory,
    place: () => {
      // As in `DenseNetwork.ts`: weights, velocities, decays. Reused memory may hold NaN.
      const place = free.pop() ?? (reserve(3 * padded + 16) as Address)
      memory.floats().fill(0, place / 4, (place + 2 * padded) / 4)
      tails.set(place, tail.place())
      return place
    },
    leave: place => {
      tail.leave(tails.get(place)!)
      tails.delete(place)
      free.push(place)
    },
    put: (place, weights) => {
      for (const tensor of tensors) spread(memory, tensor, place + tensor.offset, weights, tensor.flat)
      tail.put(tails.get(place)!, weights.subarray(before))
    },
    take: (place, into) => {
      for (const tensor of tensors) gather(memory, tensor, place + tensor.offset, into, tensor.flat)
      tail.take(tails.get(place)!, into.subarray(before))
    },
    putDecay: (place, k, decay) => {
      const tensor = tensors[k]
      if (tensor === undefined) tail.putDecay(tails.get(place)!, k - tensors.length, decay)
      else spread(memory, tensor, place + 2 * padded + tensor.offset, decay, 0)
    },
    forward: (place, rows, logits) => {
      const { count, address } = rows
      if (count > room.rows) room = regions(count)
      for (let example = 0; example < count; example++) {
        if (room.entry !== null) {
          const { height, width, row, origin } = entry!
          const image = memory.words()[address / 4 + example]!
          copyRows(height, width, image, width, at(room.entry, example) + origin, row)
        }
        for (const [s, stage] of stages.entries()) {
          const [y, chosen] = [at(room.outputs[s]!, example), at(room.chosen[s]!, example)]
          stage.forward(place, inputOf(s, example, address / 4), y, chosen)
        }
      }
      tail.forward(tails.get(place)!, flattened(count), logits)
    },
    gradient: (place, rows, dLogits, show) => {
      tail.gradient(tails.get(place)!, flattened(rows.count), dLogits, (k, values) =>
        show(tensors.length + k, values),
      )
      keepGradients()
      backward(place, rows, () => undefined)
      for (const [k, tensor] of tensors.entries()) {
        const values = new Float32Array(tensor.rows * tensor.columns)
        gather(memory, tensor, gradients + tensor.offset, values, 0)
        show(k, values)
      }
    },
    step: (place, rows, dLogits, steps) => {
      const { rate, momentum, decay } = steps
      const penalty = tail.step(tails.get(place)!, flattened(rows.count), dLogits, {
        ...steps,
        decay: decay.slice(tensors.length),
      })
      backward(place, rows, k => {
        const own = decay[k]!
        if (own === 'own') takeSteps(rate, momentum, padded, 2 * padded, 0)
        else takeSteps(rate, momentum, padded, 0, own)
      })
      return penalty + Number(takePenalty())
    },
  }
}
