/** `bilevel presets`: lists and prints the built-in configurations. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { presetPatterns, presets } from '../config/presets.js'
import { optional } from '../base/optional.js'
import type { ShellError } from '../base/ShellError.js'

/** How the names of presets are formed, for help texts. */
export const presetsHelp = `
${presetPatterns.map(({ pattern, about }) => `  ${pattern}\n      ${about}`).join('\n')}

The size (1k, 5k, …) is the number of images for training and validation
together, split 60 to 40. Each layer has its own L2 coefficient. -global: one
coefficient for all layers; -kind: one for the convolutional and one for the
dense layers. λ is in [-10, 4]; -authors-range: in [-10, 0].`

const help = `
Presets:${presetsHelp}

Examples:
  $ bilevel presets
  $ bilevel presets cifar10-lenet-2k > my-network.json
  $ bilevel tune --preset mnist-deep-1k`

const listed = (): string => {
  const width = Math.max(...Object.keys(presets).map(name => name.length))
  return Object.entries(presets)
    .map(([name, { description }]) => `${name.padEnd(width)}  ${description}`)
    .join('\n')
}

const shown = async (name: string): Promise<E.Either<ShellError, string>> =>
  pipe(
    await optional(() => import('../config/configSource.js'))(),
    // The configuration as a user would write it, without the defaults that decoding fills in.
    E.chain(({ presetNamed }) => presetNamed(name)),
    E.map(({ config }) => JSON.stringify(config, null, 2)),
  )

/** The command `presets`; it passes its result to `finish`. */
export const presetsCommand = (finish: (result: E.Either<ShellError, string>) => void): Command =>
  new Command('presets')
    .summary('list the built-in configurations')
    .description('Lists the presets (built-in configurations), or prints one of them.')
    .argument('[name]', 'print the configuration of this preset, to start a file from')
    .addHelpText('after', help)
    .action(async (name: string | undefined) =>
      finish(name === undefined ? E.right(listed()) : await shown(name)),
    )
