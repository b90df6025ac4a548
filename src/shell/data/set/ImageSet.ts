/** Labelled images, in the form that all code after the readers uses. */
import type { Standardisation } from './Standardisation.js'

/** Labelled images of one size. */
export interface ImageSet {
  /** N × height × width × channels, row-major, scaled to [0, 1]; standardised after that if the task asks for it. */
  readonly images: Float32Array
  /** N labels in 0 … classes − 1. */
  readonly labels: Uint8Array
  readonly shape: readonly [height: number, width: number, channels: number]
  readonly classes: number
  /** The labels before label noise, if there is any. Only reports use them. */
  readonly truth?: Uint8Array
}

/** The sets of a bilevel problem: f uses `train`, F uses `validation`; only reports use `test`. */
export interface Splits {
  readonly train: ImageSet
  readonly validation: ImageSet
  readonly test: ImageSet | null
  /** How the user's own files were read. The stored sets do not have it: they are known. */
  readonly reading?: Reading
  /** How the pixels of all sets were standardised; absent if they are in [0, 1]. */
  readonly standardisation?: Standardisation
}

/** How the files of a task were read. */
export interface Reading {
  /** What white is in the files: every pixel was divided by it. */
  readonly scale: number
  /** Full sentences on what was assumed of single files. */
  readonly notes: ReadonlyArray<string>
}

/** The number of images. */
export const size = (set: ImageSet): number => set.labels.length

/** A zeroed array in shared memory, so that threads need not copy it. */
export const sharedFloats = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
