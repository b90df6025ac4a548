/** Labelled images as a file has them, before their pixels are scaled. */
import type { ImageSet } from './ImageSet.js'

/** A pixel, and where it is, for messages: `x[3, 0, 12]`. */
export interface Extreme {
  readonly value: number
  readonly place: string
}

/** Pixels of some images, with what decides their scale. */
export interface RawPixels {
  /** N × height × width × channels finite numbers, row-major. */
  readonly values: { readonly length: number; readonly [index: number]: number }
  readonly type: 'bool' | 'whole' | 'float'
  /** The type's name in the file. */
  readonly typeName: string
  readonly lowest: Extreme
  readonly highest: Extreme
}

export interface RawSet {
  readonly pixels: RawPixels
  readonly labels: Uint8Array
  readonly shape: ImageSet['shape']
  readonly classes: number
  /** Full sentences on how the file was read, where there was a choice. */
  readonly notes: ReadonlyArray<string>
}
