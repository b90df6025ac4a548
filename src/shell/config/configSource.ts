/** Reads a run's configuration from a file or a preset. */
import { messageOf } from '../base/messageOf.js'
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { parseObject } from '../../core/codec/boundedJson.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { nearest } from '../../core/codec/nearest.js'
import { presets, type Preset } from './presets.js'
import { decodeRunConfig, type RunConfig } from './RunConfig.js'

/** A configuration and its source. */
export interface NamedConfig {
  /** Its name in messages. */
  readonly source: string
  /** The name of its runs. */
  readonly name: string
  /** The folder for relative paths; `null` for a preset, which has no paths. */
  readonly baseFolder: string | null
  readonly config: RunConfig
}

/** Far above any configuration that a person writes. */
const limits = { length: 1024 * 1024, depth: 16, entries: 65_536 } as const

const reading = (path: string): E.Either<ShellError, string> => {
  const advice = 'Name a JSON file, or use a preset (`bilevel presets` lists them).'
  return pipe(
    E.tryCatch(
      () => statSync(path),
      cause => cause,
    ),
    E.mapLeft(messageOf),
    E.filterOrElse(
      stat => stat.isFile(),
      () => 'it is not a regular file',
    ),
    // A character takes at most four bytes.
    E.filterOrElse(
      stat => stat.size <= 4 * limits.length,
      stat => `it has ${stat.size} bytes, more than any configuration needs`,
    ),
    E.chain(() => E.tryCatch(() => readFileSync(path, 'utf8'), messageOf)),
    E.mapLeft(problem => badInput(`The configuration ${path} cannot be read: ${problem}. ${advice}`)),
  )
}

/** The JSON object of a configuration file, not yet decoded. Errors: `BadInput`. */
export const readObject = (path: string): E.Either<ShellError, Readonly<Record<string, unknown>>> =>
  pipe(
    reading(path),
    E.chain(text =>
      pipe(
        // Some editors write a byte order mark at the start of a file.
        parseObject(limits)(text.replace(/^\uFEFF/, '')),
        E.mapLeft(problem => badInput(`The configuration ${path} ${problem}. Correct it and run again.`)),
      ),
    ),
  )

/** A decoded configuration with the name and folder of its file. */
export const named = (path: string, config: RunConfig): NamedConfig => ({
  source: path,
  name: basename(path, extname(path)),
  baseFolder: resolve(dirname(path)),
  config,
})

/**
 * Reads a configuration file: JSON of at most 1 MiB. Its runs are named after the file. Paths in it are relative to its folder.
 *
 * Errors: `BadInput` if it cannot be read or used; the message names the field.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { configFromFile, type NamedConfig } from 'bilevel-hpo/shell'
 *
 * E.map(({ name }: NamedConfig) => name)(configFromFile('config.json')) // => E.right('config')
 * E.isLeft(configFromFile('images.idx')) // => true
 * ```
 */
export const fromFile = (path: string): E.Either<ShellError, NamedConfig> =>
  pipe(
    readObject(path),
    E.chain(decodeRunConfig(path)),
    E.map(config => named(path, config)),
  )

/** The preset with this name. Errors: `BadInput` if there is none. */
export const presetNamed = (name: string): E.Either<ShellError, Preset> => {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined
  if (preset !== undefined) return E.right(preset)
  const meant = nearest(name, Object.keys(presets))
  return E.left(
    badInput(
      `There is no preset called "${name}". ` +
        (meant === undefined ? '' : `Did you mean "${meant}"? `) +
        '`bilevel presets` lists all of them.',
    ),
  )
}

/**
 * The configuration of a preset. Errors: `BadInput` if there is no preset with this name.
 *
 * @example
 * ```ts
 * import { map, right } from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { configFromPreset } from 'bilevel-hpo/shell'
 *
 * const data = pipe(configFromPreset('mnist-mlp-1k'), map(({ config }) => config.data))
 * data // => right({ source: 'mnist', train: 600, validation: 400 })
 * ```
 */
export const fromPreset = (name: string): E.Either<ShellError, NamedConfig> =>
  pipe(
    presetNamed(name),
    E.chain(({ config }) => decodeRunConfig(`preset ${name}`)(config)),
    E.map(config => ({ source: `preset ${name}`, name, baseFolder: null, config })),
  )
