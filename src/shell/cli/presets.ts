/** `bilevel presets`: the configurations that need no file. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { presetPatterns, presets } from '../config/presets.js'
import { optional } from '../base/optional.js'
import type { ShellError } from '../base/ShellError.js'

/** How their names are made, for help texts. */
export const presetsHelp = `
${presetPatterns.map(({ pattern, about }) => `  ${pattern}\n      ${about}`).join('\n')}

The size is that of training and validation set together, 60 to 40. Each layer
has an L2 coefficient of its own; -global: one for all; -kind: one for the
convolutional and one for the dense layers. λ is in [-10, 4]; -authors-range:
in [-10, 0].`

const help = `
Names:${presetsHelp}

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
    // The text as it would be written, without the defaults that decoding fills in.
    E.chain(({ presetNamed }) => presetNamed(name)),
    E.map(({ config }) => JSON.stringify(config, null, 2)),
  )

/** The command, which hands its result on. */
export const presetsCommand = (finish: (result: E.Either<ShellError, string>) => void): Command =>
  new Command('presets')
    .summary('list the configurations that need no file')
    .description('Lists the presets, or prints the configuration of one.')
    .argument('[name]', 'print the configuration of this one, to make a file of it')
    .addHelpText('after', help)
    .action(async (name: string | undefined) =>
      finish(name === undefined ? E.right(listed()) : await shown(name)),
    )
