/** `bilevel tune`: tunes a network's hyperparameters, and prints the results. */
import { Command, Option } from 'commander'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Seed } from '../../core/codec/Codec.js'
import type { BackendChoice } from '../backend/Backend.js'
import type { NamedConfig } from '../config/configSource.js'
import { defaultPreset, presets } from '../config/presets.js'
import { optional } from '../base/optional.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { ending } from './ending.js'
import type { Finding, Finish } from './exit.js'
import { presetsHelp } from './presets.js'
import { workersOf, workersOption } from './workers.js'

const choices = ['auto', 'node', 'wasm', 'cpu'] as const satisfies ReadonlyArray<BackendChoice>

const help = `
Presets (\`bilevel presets\` lists them one by one):${presetsHelp}

Without a CONFIG.json and a preset, ${defaultPreset} is used. Its whole
configuration is below. Paths in a configuration file are relative to the file;
docs/configuration.md has every option.

${JSON.stringify(presets[defaultPreset]?.config, null, 2)
  .split('\n')
  .map(line => `  ${line}`)
  .join('\n')}

Examples:
  $ bilevel tune
  $ bilevel tune --preset mnist-mlp-1k-global --seed 3
  $ bilevel tune my-network.json --dry-run
  $ bilevel tune my-network.json --out runs/first --backend wasm

Ctrl-C stops once the commands in progress are done; a second Ctrl-C stops at
once. All recorded steps are kept, and \`bilevel resume\` continues from them.
Exit codes: 0 done; 1 ended without a result, since every training failed; 2 bad
input, or the environment failed (network, disk, backend); 130 stopped.`

interface Options {
  readonly preset?: string
  readonly seed?: string
  readonly out?: string
  readonly backend: BackendChoice
  readonly workers?: string
  readonly dryRun: boolean
}

const seedOf = (text: string | undefined): E.Either<ShellError, number | undefined> => {
  if (text === undefined) return E.right(undefined)
  const seed = /^\d+$/.test(text) ? Number(text) : NaN
  return Seed.is(seed)
    ? E.right(seed)
    : E.left(badInput(`The option --seed takes ${Seed.name}, not "${text}". Try --seed 1.`))
}

const configOf = async (
  file: string | undefined,
  preset: string | undefined,
): Promise<E.Either<ShellError, NamedConfig>> => {
  if (file !== undefined && preset !== undefined)
    return E.left(
      badInput(`Both a configuration (${file}) and a preset (${preset}) were given. Leave one of them out.`),
    )
  return pipe(
    await optional(() => import('../config/configSource.js'))(),
    E.chain(({ fromFile, fromPreset }) =>
      file === undefined ? fromPreset(preset ?? defaultPreset) : fromFile(file),
    ),
  )
}

const perform = async (
  file: string | undefined,
  options: Options,
): Promise<E.Either<ShellError, string | Finding>> => {
  const configured = pipe(
    await configOf(file, options.preset),
    E.bindTo('named'),
    E.bind('seed', () => seedOf(options.seed)),
    E.bind('workers', () => workersOf(options.workers)),
    E.map(({ named: { config, ...rest }, seed, workers }) => ({
      workers,
      ...rest,
      config: seed === undefined ? config : { ...config, seed },
    })),
  )
  if (E.isLeft(configured)) return configured
  const { workers, ...named } = configured.right
  // Loaded only now, since tfjs and the modules that use it are slow to load.
  const loaded = await optional(() => import('../run/tune.js'))()
  if (E.isLeft(loaded)) return loaded
  const { tune } = loaded.right
  const [{ methods }, { defaultFolder }, { status }] = await Promise.all([
    import('../record/Methods.js'),
    import('../record/RunFolder.js'),
    import('../run/statusLine.js'),
  ])
  if (options.dryRun) {
    const [{ dryRun }, { dryRunText }] = await Promise.all([
      import('../run/DryRun.js'),
      import('./dryRunText.js'),
    ])
    const display = status(process.stderr, () => performance.now() / 1000)
    const found = await dryRun({
      methods,
      named,
      folder: options.out ?? defaultFolder(named.name, named.config.seed),
      backend: options.backend,
      status: display,
    })()
    display.clear()
    return pipe(found, E.map(dryRunText))
  }
  const result = await tune({
    methods,
    named,
    folder: options.out ?? defaultFolder(named.name, named.config.seed),
    backend: options.backend,
    workers,
    status: status(process.stderr, () => performance.now() / 1000),
    signals: process,
  })()
  return E.isLeft(result) ? result : E.right(await ending(result.right))
}

/** The command `tune`; it passes its result to `finish`. */
export const tuneCommand = (finish: Finish): Command =>
  new Command('tune')
    .summary("tune a network's hyperparameters")
    .description("Tunes a network's continuous hyperparameters, and records every step in a run folder.")
    .argument('[CONFIG.json]', 'a configuration file; see below')
    .option('--preset <name>', 'a built-in configuration')
    .option('--seed <integer>', "the run's seed (default: the configuration's)")
    .option('--out <folder>', 'the run folder (default: runs/<name>-<seed>, with a number if that exists)')
    .addOption(new Option('--backend <name>', 'the backend that trains').choices(choices).default('auto'))
    .addOption(workersOption())
    .option('--dry-run', 'check every section, load the data, say what a run would do; tune nothing', false)
    .addHelpText('after', help)
    .action(async (file: string | undefined, options: Options) => finish(await perform(file, options)))
