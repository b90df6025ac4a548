/**
 * What computes: tfjs on libtensorflow (`node`), on WebAssembly (`wasm`) or in plain JavaScript (`cpu`).
 *
 * tfjs knows one active backend a process. {@link Backend.tidy} activates its own before it runs anything, so that
 * several may be used side by side.
 */
import type * as tf from '@tensorflow/tfjs-core'
import * as t from 'io-ts'

export const BackendName = t.keyof({ node: null, wasm: null, cpu: null }, '"node", "wasm" or "cpu"')
/**
 * Which implementation of tfjs.
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
 * A backend by its name, or `auto`: see `autoOrder` in chooseBackend.ts.
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

/** A backend that is loaded, and that computed a product rightly; of `chooseForNoTensors` (chooseBackend.ts), one that may only be named. */
export interface Backend {
  readonly name: BackendName
  readonly threads: number
  /** Package name → version. */
  readonly versions: Readonly<Record<string, string>>
  /** The choice and its reason, for a person. */
  readonly oneLine: string
  /** Runs `f` with this backend active, and disposes of every tensor that it made, also when it throws. */
  readonly tidy: <A>(f: () => A) => A
  /** The values of a float32 tensor, where possible where they lie: to be read before any other tensor is made or let go. */
  readonly values: (tensor: tf.Tensor) => Float32Array
}

/** A backend that was looked for: whether it is there, and if not, why. */
export interface Availability {
  readonly name: BackendName
  readonly present: boolean
  readonly detail: string
}
