/**
 * Loads tfjs's core at its first use: loading takes a fifth of a second, and many trainings do not need it. It uses
 * `require`, not `import`, so that synchronous code can load it, and so that no namespace of its thousand exports is built.
 */
import type * as Tfjs from '@tensorflow/tfjs-core'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
let loaded: typeof Tfjs | null = null

/** The copy of tfjs's core with which backends register. Throws if the package is not installed. */
export const tfjs = (): typeof Tfjs => (loaded ??= require('@tensorflow/tfjs-core') as typeof Tfjs)
