/**
 * Networks of convolutions, poolings and dense layers as their definitions read, in float64: one loop for each index, nothing
 * shared with the code that trains.
 */
import type { ConvLayers } from '../../src/shell/backend/kernels/conv/convNetwork.js'
import type { SpatialLayer } from '../../src/shell/backend/kernels/conv/Layout.js'
import type { DenseLayer } from '../../src/shell/backend/kernels/DenseNetwork.js'

type Numbers = ArrayLike<number>

/** A layer at one input: its output, and from ∂/∂output to ∂/∂input, which adds ∂/∂weights to `into` from `at` on. */
interface Applied {
  readonly y: Float64Array
  readonly back: (dy: Float64Array, into: Float64Array) => Float64Array
}

const convolved = (
  { input: [height, width, channels], filters, size, padding }: SpatialLayer & { kind: 'convolution' },
  weights: Numbers,
  at: number,
  x: Float64Array,
): Applied => {
  const before = padding === 'same' ? Math.floor((size - 1) / 2) : 0
  const shrunk = padding === 'same' ? 0 : size - 1
  const [rows, columns] = [height - shrunk, width - shrunk]
  const biases = at + size * size * channels * filters
  const y = new Float64Array(rows * columns * filters)
  /** Calls `f` with the indices of y, K and x of each product. */
  const products = (f: (y: number, k: number, x: number) => void): void => {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let a = 0; a < size; a++)
          for (let b = 0; b < size; b++) {
            const [row, column] = [i + a - before, j + b - before]
            if (row < 0 || row >= height || column < 0 || column >= width) continue
            for (let c = 0; c < channels; c++)
              for (let d = 0; d < filters; d++)
                f(
                  (i * columns + j) * filters + d,
                  at + ((a * size + b) * channels + c) * filters + d,
                  (row * width + column) * channels + c,
                )
          }
  }
  y.forEach((_, i) => (y[i] = weights[biases + (i % filters)]!))
  products((i, k, j) => (y[i]! += weights[k]! * x[j]!))
  y.forEach((value, i) => (y[i] = Math.max(0, value)))
  return {
    y,
    back: (dy, into) => {
      const slopes = dy.map((slope, i) => (y[i]! > 0 ? slope : 0))
      const dx = new Float64Array(x.length)
      slopes.forEach((slope, i) => (into[biases + (i % filters)]! += slope))
      products((i, k, j) => {
        into[k]! += slopes[i]! * x[j]!
        dx[j]! += slopes[i]! * weights[k]!
      })
      return dx
    },
  }
}

const pooled = ([height, width, channels]: SpatialLayer['input'], x: Float64Array): Applied => {
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)]
  const from = Array.from({ length: rows * columns * channels }, (_, index) => {
    const [pixel, c] = [Math.floor(index / channels), index % channels]
    const [row, column] = [2 * Math.floor(pixel / columns), 2 * (pixel % columns)]
    const places = [0, 1, 2, 3].map(
      place => ((row + (place >> 1)) * width + column + (place & 1)) * channels + c,
    )
    // The first of the largest.
    return places.reduce((best, place) => (x[place]! > x[best]! ? place : best))
  })
  return {
    y: Float64Array.from(from, place => x[place]!),
    back: dy => {
      const dx = new Float64Array(x.length)
      from.forEach((place, i) => (dx[place]! += dy[i]!))
      return dx
    },
  }
}

const dense = (
  { inputs, units, activation }: DenseLayer,
  w: Numbers,
  at: number,
  x: Float64Array,
): Applied => {
  const biases = at + inputs * units
  const y = Float64Array.from({ length: units }, (_, u) => {
    let sum = w[biases + u]!
    for (let i = 0; i < inputs; i++) sum += x[i]! * w[at + i * units + u]!
    return activation === 'relu' ? Math.max(0, sum) : sum
  })
  return {
    y,
    back: (dy, into) => {
      const dx = new Float64Array(inputs)
      for (let u = 0; u < units; u++) {
        if (activation === 'relu' && !(y[u]! > 0)) continue
        into[biases + u]! += dy[u]!
        for (let i = 0; i < inputs; i++) {
          into[at + i * units + u]! += dy[u]! * x[i]!
          dx[i]! += dy[u]! * w[at + i * units + u]!
        }
      }
      return dx
    },
  }
}

/** The logits of one image, and from ∂/∂logits to ∂/∂weights, which is added to `into`. */
export const plainPass = (
  { spatial, dense: denseLayers }: ConvLayers,
  weights: Numbers,
  image: Numbers,
): {
  readonly logits: Float64Array
  readonly backward: (dLogits: Float64Array, into: Float64Array) => void
} => {
  let at = 0
  let y = Float64Array.from(image)
  const passed: Applied[] = []
  for (const layer of spatial) {
    passed.push(layer.kind === 'pool' ? pooled(layer.input, y) : convolved(layer, weights, at, y))
    y = passed.at(-1)!.y as typeof y
    if (layer.kind === 'convolution') at += (layer.size ** 2 * layer.input[2] + 1) * layer.filters
  }
  for (const layer of denseLayers) {
    passed.push(dense(layer, weights, at, y))
    y = passed.at(-1)!.y as typeof y
    at += (layer.inputs + 1) * layer.units
  }
  return {
    logits: y,
    backward: (dLogits, into) => {
      passed.reduceRight((dy, { back }) => back(dy, into), dLogits)
    },
  }
}
