/** Calls operations of libtensorflow by name, as tfjs-node's own kernels do. */
import type * as tf from '@tensorflow/tfjs-core'

interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: boolean | number
}

interface NodeBackend {
  readonly binding: {
    readonly TF_ATTR_TYPE: number
    readonly TF_ATTR_BOOL: number
    readonly TF_FLOAT: number
  }
  readonly executeSingleOutput: (
    name: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<tf.Tensor>,
  ) => tf.Tensor
}

/** The functions of tfjs-node that our kernels use. */
export interface Native {
  /** Runs an operation on float32 tensors that has one output. */
  readonly run: (
    name: string,
    inputs: ReadonlyArray<tf.Tensor>,
    flags?: Readonly<Record<string, boolean>>,
  ) => tf.Tensor
}

const isNodeBackend = (backend: unknown): backend is NodeBackend =>
  typeof backend === 'object' && backend !== null && 'binding' in backend && 'executeSingleOutput' in backend

const known = new WeakMap<NodeBackend, Native>()

const made = (backend: NodeBackend): Native => {
  const { binding } = backend
  const float = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }
  return {
    run: (name, inputs, flags = {}) =>
      backend.executeSingleOutput(
        name,
        [
          float,
          ...Object.entries(flags).map(([flag, value]) => ({
            name: flag,
            type: binding.TF_ATTR_BOOL,
            value,
          })),
        ],
        inputs,
      ),
  }
}

/** The functions of a tfjs-node backend; `null` for other backends. */
export const nativeOf = (backend: unknown): Native | null => {
  if (!isNodeBackend(backend)) return null
  const native = known.get(backend) ?? made(backend)
  known.set(backend, native)
  return native
}
