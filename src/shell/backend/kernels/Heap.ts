/** The memory of the wasm backend, where kernels of ours may read and write without a copy. */
import type * as tf from '@tensorflow/tfjs-core'

/** Float32 tensors in the memory of the wasm backend. Views are good until a tensor is made. */
export interface Heap {
  readonly makeOutput: (shape: number[], dtype: 'float32') => tf.TensorInfo
  readonly typedArrayFromHeap: (tensor: tf.TensorInfo) => Float32Array
}

const isHeap = (backend: unknown): backend is Heap =>
  typeof backend === 'object' &&
  backend !== null &&
  'makeOutput' in backend &&
  'typedArrayFromHeap' in backend

/** The memory of a backend; `null` of one that is not the wasm backend. */
export const heapOf = (backend: unknown): Heap | null => (isHeap(backend) ? backend : null)
