/** Which kernels of ours stand in for those that a backend lacks, or does slowly. */
import * as tf from '@tensorflow/tfjs-core'
import { conv2DBackpropFilter } from './conv2DBackpropFilter.js'
import { conv2DBackpropInput } from './conv2DBackpropInput.js'
import { denseKernels } from './dense.js'
import { plainProduct, transposingFirst } from './matMul.js'
import { maxPoolGrad } from './maxPoolGrad.js'

type Theirs = ReadonlyMap<string, tf.KernelConfig>

/** Ours in place of theirs, where they have one. */
const instead = (
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
        ...instead(theirs, tf.BatchMatMul, transposingFirst),
        ...instead(theirs, tf._FusedMatMul, transposingFirst),
        ...instead(theirs, tf.Conv2DBackpropInput, conv2DBackpropInput),
      ]
    case 'cpu':
      return [maxPoolGrad('cpu'), ...denseKernels('cpu')]
    case 'tensorflow':
      return [...denseKernels('tensorflow'), ...instead(theirs, tf.BatchMatMul, plainProduct)]
    default:
      return []
  }
}

const installed = new Set<string>()

/** Registers our kernels of a backend; a second call does nothing. */
export const installKernels = (backendName: string): void => {
  if (installed.has(backendName)) return
  installed.add(backendName)
  const registered =
    (tf.getKernelsForBackend(backendName) as ReadonlyArray<tf.KernelConfig> | undefined) ?? []
  const theirs = new Map(registered.map(kernel => [kernel.kernelName, kernel]))
  for (const kernel of kernelsOf(backendName, theirs)) {
    // tfjs warns of a kernel that is registered twice, so the slow one goes first.
    if (theirs.has(kernel.kernelName)) tf.unregisterKernel(kernel.kernelName, backendName)
    tf.registerKernel(kernel)
  }
}
