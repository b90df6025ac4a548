/**
 * How images lie in the memory of a network of convolutions (`convNetwork.ts`): pixels without gaps, with a border of zeros
 * where a convolution needs one. All distances are in bytes.
 */
import { strideOf } from '../PaddedRows.js'

/** Height, width, channels. */
export type ImageShape = readonly [height: number, width: number, channels: number]

/** A convolution with stride 1 and a ReLU: max(0, x ∗ K + b), with square filters of `size` × `size`. */
export interface Convolution {
  readonly kind: 'convolution'
  readonly input: ImageShape
  readonly filters: number
  readonly size: number
  readonly padding: 'same' | 'valid'
}

/** The maxima of squares of 2 × 2. An odd last row or column is dropped. */
export interface Pool {
  readonly kind: 'pool'
  readonly input: ImageShape
}

/** A layer whose input and output are images. */
export type SpatialLayer = Convolution | Pool

/** Where the pixels of an image are. */
export interface Layout {
  /** The bytes of a row, without its border, and from one pixel to the next. */
  readonly width: number
  readonly pixel: number
  /** The number of rows, without the border, and the bytes from one to the next. */
  readonly height: number
  readonly row: number
  /** From the start of the border to the first pixel. */
  readonly origin: number
  /** From one image to the next. */
  readonly stride: number
}

/** An image with `before` pixels of border above and left of it, and `around` altogether in each direction. */
const layoutOf = ([height, width, channels]: ImageShape, before = 0, around = 0): Layout => {
  const pixel = 4 * channels
  const row = (width + around) * pixel
  return {
    width: width * pixel,
    pixel,
    height,
    row,
    origin: before * (row + pixel),
    stride: strideOf(((height + around) * row) / 4),
  }
}

/** The layout that a layer needs for its input; without a layer, that of images as they are. */
export const inputLayout = (layer: SpatialLayer | undefined, shape: ImageShape): Layout =>
  layer?.kind === 'convolution' && layer.padding === 'same'
    ? layoutOf(shape, Math.floor((layer.size - 1) / 2), layer.size - 1)
    : layoutOf(shape)

/** The shape of a layer's output. */
export const outputShape = (layer: SpatialLayer): ImageShape => {
  const [height, width, channels] = layer.input
  if (layer.kind === 'pool') return [Math.floor(height / 2), Math.floor(width / 2), channels]
  const shrunk = layer.padding === 'valid' ? layer.size - 1 : 0
  return [height - shrunk, width - shrunk, layer.filters]
}
