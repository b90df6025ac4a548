/** Labelled images, in the one form that everything behind the readers knows. */
export interface ImageSet {
  /** N × height × width × channels, row-major, scaled to [0, 1]. */
  readonly images: Float32Array
  /** N labels in 0 … classes − 1. */
  readonly labels: Uint8Array
  readonly shape: readonly [height: number, width: number, channels: number]
  readonly classes: number
  /** The labels that `labels` would be, had no noise been put into them; where it was. Only ever reported. */
  readonly truth?: Uint8Array
}

/** What a bilevel problem is made of: f is of `train`, F of `validation`; `test` is only ever reported. */
export interface Splits {
  readonly train: ImageSet
  readonly validation: ImageSet
  readonly test: ImageSet | null
}

/** N. */
export const size = (set: ImageSet): number => set.labels.length

/** So many zeros, in memory that threads share and need not copy. */
export const sharedFloats = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
