/** A convolution, with the pooling that follows it. */
import { reserving, type PlacedTensor } from '../AssembledNetwork.js'
import { outputShape, type Convolution, type Pool } from './Layout.js'
import { strideOf } from '../PaddedRows.js'
import type { Stage, Surroundings } from './Stage.js'

/**
 * A convolution. `pool`: its sums are pooled before the ReLU, which gives the same as after it. `first`: which of the network's
 * tensors the kernel is; the bias is the next one.
 */
export const convolutionStage = (
  layer: Convolution,
  pool: Pool | null,
  [kernel, bias]: readonly [PlacedTensor, PlacedTensor],
  first: number,
  { memory, input, output, columns }: Surroundings,
): Stage => {
  const convolve = memory.exported('convolve')
  const chooseLargest = memory.exported('chooseLargest')
  const clipTo = memory.exported('clipTo')
  const filtersApart = memory.exported('filtersApart')
  const filtersTogether = memory.exported('filtersTogether')
  const filterGradient = memory.exported('filterGradient')
  const inputGradient = memory.exported('inputGradient')
  const stepRows = memory.exported('stepRows')
  const biasGradient = memory.exported('biasGradient')
  const reserve = reserving(memory)

  const { filters, size } = layer
  const [, , channels] = layer.input
  const [sumRows, sumColumns] = outputShape(layer)
  const pixels = sumRows * sumColumns
  const { stride } = kernel
  /** The numbers and bytes of a row of a patch, and the bytes of a row of a filter. */
  const numbers = size * channels
  const run = 4 * numbers
  const filterStep = strideOf(numbers)
  const filterBytes = filters * size * filterStep
  const { height, pixel, row } = output
  const sums = reserve(pixels * stride)
  const patches = reserve(4 * pixels)
  const list = reserve(8 * Math.max(filters, height * columns) + 8)
  const apart = reserve(filterBytes)
  const apartGradient = reserve(filterBytes)
  const biasSums = reserve(bias.stride)
  // Without pooling, each number of y comes from the patch of its own pixel.
  const same = pool === null ? reserve(height * output.width) : 0
  const shapes = reserve(4 * 11)
  const words = memory.words()
  const reach = pool === null ? 1 : 2
  // In the order of `Shapes` in `assembly/convGradient.ts`.
  words.set(
    [input.row, input.pixel, size, run, filterStep, height, columns, filters, row, reach, list],
    shapes / 4,
  )
  for (let i = 0; i < pixels; i++) {
    const [down, right] = [Math.floor(i / sumColumns), i % sumColumns]
    const patch = down * input.row + right * input.pixel
    words[patches / 4 + i] = patch
    if (pool === null) words.fill(patch, same / 4 + i * filters, same / 4 + (i + 1) * filters)
  }

  return {
    choices: pool === null ? 0 : height * output.width,
    weighted: true,
    forward: (place, x, y, chosen) => {
      const [weights, biases, to] = [place + kernel.offset, place + bias.offset, y + output.origin]
      convolve(pixels, patches, x, input.row, size, run, weights, stride, biases, sums)
      if (pool === null) clipTo(height, columns, pixel, sums, stride, to, row)
      else {
        const sumsRow = sumColumns * stride
        chooseLargest(
          height,
          columns,
          pixel,
          sums,
          sumsRow,
          stride,
          0,
          to,
          row,
          chosen,
          input.row,
          input.pixel,
        )
      }
    },
    begin: (place, wantsInput) => {
      if (wantsInput) filtersApart(filters, size, numbers, place + kernel.offset, stride, apart, filterStep)
      memory.floats().fill(0, apartGradient / 4, (apartGradient + filterBytes) / 4)
      memory.floats().fill(0, biasSums / 4, (biasSums + bias.stride) / 4)
    },
    backward: (x, y, dy, chosen, dx) => {
      const choices = pool === null ? same : chosen
      const [from, slopes] = [y + output.origin, dy + output.origin]
      filterGradient(shapes, x, from, slopes, choices, apartGradient, biasSums)
      if (dx !== null) inputGradient(shapes, dx, from, slopes, choices, apart)
    },
    end: (place, gradients, before) => {
      const [into, intoBias] = [gradients + kernel.offset, gradients + bias.offset]
      filtersTogether(filters, size, numbers, apartGradient, filterStep, into, stride)
      before(first)
      stepRows(kernel.rows, place + kernel.offset, into, stride)
      before(first + 1)
      biasGradient(1, biasSums, bias.stride, place + bias.offset, intoBias)
    },
  }
}
