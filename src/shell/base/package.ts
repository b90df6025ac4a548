/** The installed package: its folder, its version, and the built files that are run by path. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** Node resolves the package by its own name, both from its sources and from its bundles. */
const manifest = (): string => createRequire(import.meta.url).resolve('bilevel-hpo/package.json')

/** The folder of the package's package.json. Throws if there is none. */
export const packageRoot = (): string => dirname(manifest())

/**
 * This program's version; `unknown` if its package.json cannot be read. It uses no codec, so that `bilevel --version` loads
 * only this module.
 */
export const programVersion = (): string => {
  try {
    const stated: unknown = JSON.parse(readFileSync(manifest(), 'utf8'))
    const version: unknown =
      typeof stated === 'object' && stated !== null ? Reflect.get(stated, 'version') : null
    return typeof version === 'string' ? version : 'unknown'
  } catch {
    return 'unknown'
  }
}

/** The modules of a build that run in their own process or thread. */
export type BuiltFile = 'bilevel.js' | 'comparison.worker.js' | 'trainingThread.worker.js'

/** The path of such a module. All bundles are in one folder, so it is beside this code. The sources have no such modules. */
export const builtFile = (name: BuiltFile): URL => new URL(`./${name}`, import.meta.url)
