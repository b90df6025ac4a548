/** Registers our kernels in place of those that a backend lacks or computes slowly. */
import * as tf from '@tensorflow/tfjs-core'
import { conv2DBackpropFilter } from './conv2DBackpropFilter.js'
import { conv2DBackpropInput } from './conv2DBackpropInput.js'
import { denseKernels } from './dense.js'
import { neverSingle } from './singleFilter.js'
import { plainProduct, transposingFirst } from './matMul.js'
import { maxPoolGrad } from './maxPoolGrad.js'

type Theirs = ReadonlyMap<string, tf.KernelConfig>

/** Our replacement of a kernel, if the backend has that kernel. */
const replaced = (
  theirs: Theirs,
  name: string,
  ours: (theirs: tf.KernelConfig) => tf.KernelConfig,
): ReadonlyArray<tf.KernelConfig> => {
  const kernel = theirs.get(name)
  return kernel === undefined ? [] : [ours(kernel)]
}

const kernelsOf = (backendName: string, theirs: Theirs): ReadonlyArray<tf.KernelConfig> => {
  switch (backendName) {
    case 'wasm':
      return [
        conv2DBackpropFilter('wasm'),
        maxPoolGrad('wasm'),
        ...denseKernels('wasm'),
        ...replaced(theirs, tf.BatchMatMul, transposingFirst),
        ...replaced(theirs, tf._FusedMatMul, transposingFirst),
        ...replaced(theirs, tf.Conv2DBackpropInput, conv2DBackpropInput),
      ]
    case 'cpu':
      return [maxPoolGrad('cpu'), ...denseKernels('cpu')]
    case 'tensorflow':
      return [
        ...denseKernels('tensorflow'),
        ...replaced(theirs, tf.BatchMatMul, plainProduct),
        ...replaced(theirs, tf.Conv2DBackpropInput, neverSingle),
      ]
    default:
      return []
  }
}

const installed = new Set<string>()

/**
 * Registers our kernels for a backend; a second call does nothing.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core'
 * import '@tensorflow/tfjs-backend-cpu'
 * import { installKernels } from 'bilevel-hpo/shell'
 *
 * // tfjs' cpu backend takes the gradient of max pooling slowly, so ours replaces it; a second call does nothing.
 * installKernels('cpu')
 * const ours = tf.getKernel('MaxPoolGrad', 'cpu')
 * installKernels('cpu')
 * tf.getKernel('MaxPoolGrad', 'cpu') === ours // => true
 * ```
 */
export const installKernels = (backendName: string): void => {
  if (installed.has(backendName)) return
  installed.add(backendName)
  const registered =
    (tf.getKernelsForBackend(backendName) as ReadonlyArray<tf.KernelConfig> | undefined) ?? []
  const theirs = new Map(registered.map(kernel => [kernel.kernelName, kernel]))
  for (const kernel of kernelsOf(backendName, theirs)) {
    // tfjs warns of a kernel that is registered twice, so first unregister the slow one.
    if (theirs.has(kernel.kernelName)) tf.unregisterKernel(kernel.kernelName, backendName)
    tf.registerKernel(kernel)
  }
}
