/** This package as it is installed: its folder, its version, and the files of its build that are run by their path. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** Node finds the package by its own name, from its sources as from its bundles. */
const manifest = (): string => createRequire(import.meta.url).resolve('bilevel-hpo/package.json')

/** The folder that the package's package.json is in. Throws where there is none. */
export const packageRoot = (): string => dirname(manifest())

/**
 * This program's version; `unknown` where its package.json cannot be read. Without a codec: `bilevel --version` loads nothing
 * but this.
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

/** What a build has beside its bundles, to be run in a process or a thread of its own. */
export type BuiltFile = 'bilevel.js' | 'comparison.worker.js' | 'trainingThread.worker.js'

/** All bundles lie in one folder, so that these lie beside this code, whichever bundle it is in. The sources have none. */
export const builtFile = (name: BuiltFile): URL => new URL(`./${name}`, import.meta.url)
