/**
 * tfjs' core, from when something first computes with it: it takes a fifth of a second to load, and much is trained without.
 * Required, and not imported: what is synchronous may ask for it, and no list is made of its thousand exports first.
 */
import type * as Tfjs from '@tensorflow/tfjs-core'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
let loaded: typeof Tfjs | null = null

/** The one copy of tfjs' core that backends register with. Throws where the package is not installed. */
export const tfjs = (): typeof Tfjs => (loaded ??= require('@tensorflow/tfjs-core') as typeof Tfjs)
