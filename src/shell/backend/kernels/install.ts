/** Which kernels of ours stand in for those that a backend lacks, or does slowly. */
import * as tf from '@tensorflow/tfjs-core'
import { conv2DBackpropFilter } from './Conv2DBackpropFilter.js'
import { maxPoolGrad } from './MaxPoolGrad.js'

const kernelsOf = (backendName: string): ReadonlyArray<tf.KernelConfig> => {
  switch (backendName) {
    case 'wasm':
      return [conv2DBackpropFilter('wasm'), maxPoolGrad('wasm')]
    case 'cpu':
      return [maxPoolGrad('cpu')]
    default:
      return []
  }
}

const installed = new Set<string>()

/** Registers our kernels of a backend; a second call does nothing. */
export const installKernels = (backendName: string): void => {
  if (installed.has(backendName)) return
  installed.add(backendName)
  for (const kernel of kernelsOf(backendName)) {
    // tfjs warns of a kernel that is registered twice, so the slow one goes first.
    const registered =
      (tf.getKernelsForBackend(backendName) as ReadonlyArray<tf.KernelConfig> | undefined) ?? []
    if (registered.some(other => other.kernelName === kernel.kernelName))
      tf.unregisterKernel(kernel.kernelName, backendName)
    tf.registerKernel(kernel)
  }
}
