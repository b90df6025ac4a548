/** `bilevel setup-native`: installs the backend tfjs-node. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { optional } from '../base/optional.js'
import { badInput, type ShellError } from '../base/ShellError.js'

const help = `
The backend tfjs-node needs libtensorflow and an addon built for it. This
command tries tfjs-node's own installer first. If that cannot download, it takes
libtensorflow from the Python wheel tensorflow-cpu (by pip, with its hash
checked) and compiles the addon. This needs g++, make and python3, on Linux x64.
Steps that are already done are skipped.

Examples:
  $ bilevel setup-native
  $ bilevel setup-native --limit 120
  $ bilevel setup-native --check

Exit codes: 0 tfjs-node works; 2 it does not, and the message says why. Other
backends are not affected.`

interface Options {
  readonly check: boolean
  readonly limit: string
}

const perform = async ({ check, limit }: Options): Promise<E.Either<ShellError, string>> => {
  const limitSeconds = /^\d{1,6}$/.test(limit) ? Number(limit) : 0
  if (limitSeconds === 0)
    return E.left(
      badInput(`The option --limit takes a number of seconds ≥ 1, not "${limit}". Try --limit 600.`),
    )
  if (check) {
    const loaded = await optional(() => import('../setup/checkNative.js'))()
    return E.isLeft(loaded) ? loaded : loaded.right.checkNative()
  }
  const loaded = await optional(() => import('../setup/setupNative.js'))()
  return E.isLeft(loaded)
    ? loaded
    : loaded.right.setupNative({ say: line => process.stderr.write(`${line}\n`), limitSeconds })()
}

/** The command `setup-native`; it passes its result to `finish`. */
export const setupNativeCommand = (finish: (result: E.Either<ShellError, string>) => void): Command =>
  new Command('setup-native')
    .summary('install the backend tfjs-node')
    .description('Installs the backend tfjs-node, even where its own installer cannot, and checks it.')
    .option('--check', 'only check whether it works', false)
    .option('--limit <seconds>', 'the time limit of each step', '1800')
    .addHelpText('after', help)
    .action(async (options: Options) => finish(await perform(options)))
