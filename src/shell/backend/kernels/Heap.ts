/** Access to the memory of the wasm backend, so that our kernels read and write tensors without a copy. */
import type * as tf from '@tensorflow/tfjs-core'

/** Float32 tensors in the memory of the wasm backend. A view is valid until the next tensor is made. */
export interface Heap {
  readonly makeOutput: (shape: number[], dtype: 'float32') => tf.TensorInfo
  readonly typedArrayFromHeap: (tensor: tf.TensorInfo) => Float32Array
}

const isHeap = (backend: unknown): backend is Heap =>
  typeof backend === 'object' &&
  backend !== null &&
  'makeOutput' in backend &&
  'typedArrayFromHeap' in backend

/** The memory of the wasm backend; `null` for other backends. */
export const heapOf = (backend: unknown): Heap | null => (isHeap(backend) ? backend : null)
