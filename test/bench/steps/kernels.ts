/** The kernels of a backend before and after ours are installed, so that both can take turns in one process. */
import * as tf from '@tensorflow/tfjs-core'

type Kernels = ReadonlyMap<string, tf.KernelConfig>

export const kernelsOf = (backendName: string): Kernels =>
  new Map(
    ((tf.getKernelsForBackend(backendName) as ReadonlyArray<tf.KernelConfig> | undefined) ?? []).map(
      kernel => [kernel.kernelName, kernel],
    ),
  )

/** Makes these the kernels of the backend; those that are there already are left alone. */
export const use = (backendName: string, wanted: Kernels): void => {
  const present = kernelsOf(backendName)
  for (const [name, kernel] of present)
    if (wanted.get(name)?.kernelFunc !== kernel.kernelFunc) tf.unregisterKernel(name, backendName)
  const left = kernelsOf(backendName)
  for (const [name, kernel] of wanted) if (!left.has(name)) tf.registerKernel(kernel)
}
