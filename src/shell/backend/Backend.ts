/**
 * A backend computes tensors: tfjs on libtensorflow (`node`), on WebAssembly (`wasm`) or in plain JavaScript (`cpu`).
 *
 * tfjs has one active backend per process. {@link Backend.tidy} activates its own backend first, so that several can be used
 * side by side.
 */
import type * as tf from '@tensorflow/tfjs-core'
import * as t from 'io-ts'

export const BackendName = t.keyof({ node: null, wasm: null, cpu: null }, '"node", "wasm" or "cpu"')
/**
 * The name of a backend.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { decode } from 'bilevel-hpo'
 * import { BackendName } from 'bilevel-hpo/shell'
 *
 * decode(BackendName)('gpu') // => left('the value must be "node", "wasm" or "cpu", but is "gpu"')
 * ```
 */
export type BackendName = t.TypeOf<typeof BackendName>

export const BackendChoice = t.keyof(
  { auto: null, node: null, wasm: null, cpu: null },
  '"auto", "node", "wasm" or "cpu"',
)
/**
 * The name of a backend, or `auto`: see `autoOrder` in chooseBackend.ts.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode } from 'bilevel-hpo'
 * import { BackendChoice } from 'bilevel-hpo/shell'
 *
 * decode(BackendChoice)('auto') // => right('auto')
 * ```
 */
export type BackendChoice = t.TypeOf<typeof BackendChoice>

/** A backend that is loaded and computed a test product correctly. `chooseForNoTensors` returns one that may not be loaded. */
export interface Backend {
  readonly name: BackendName
  readonly threads: number
  /** Package name → version. */
  readonly versions: Readonly<Record<string, string>>
  /** The choice and its reason, as a line for a person. */
  readonly oneLine: string
  /** Runs `f` with this backend active, and disposes of every tensor it created, even if it throws. */
  readonly tidy: <A>(f: () => A) => A
  /** The values of a float32 tensor, without a copy if possible. Read them before any tensor is created or disposed of. */
  readonly values: (tensor: tf.Tensor) => Float32Array
}

/** Whether a backend works here. `detail`: its versions, or why it does not. */
export interface Availability {
  readonly name: BackendName
  readonly present: boolean
  readonly detail: string
}
