/** `bilevel setup-native`: makes the backend tfjs-node work. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { optional } from '../base/optional.js'
import { badInput, type ShellError } from '../base/ShellError.js'

const help = `
The backend tfjs-node needs libtensorflow and an addon built for it. This tries
its own installer first; where that cannot download, it takes libtensorflow from
the Python wheel tensorflow-cpu (by pip; the wheel's hash is checked) and builds
the addon here, which needs g++, make and python3, on Linux on x64. What was done
is not done again.

Examples:
  $ bilevel setup-native
  $ bilevel setup-native --limit 120
  $ bilevel setup-native --check

Exit codes: 0 tfjs-node works; 2 it does not, and the message says why; all
other backends work as before.`

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

/** The command, which hands its result on. */
export const setupNativeCommand = (finish: (result: E.Either<ShellError, string>) => void): Command =>
  new Command('setup-native')
    .summary('make the backend tfjs-node work')
    .description('Makes the backend tfjs-node work where its own installer cannot, and checks it.')
    .option('--check', 'only check whether it works', false)
    .option('--limit <seconds>', 'how long one step may take at most', '1800')
    .addHelpText('after', help)
    .action(async (options: Options) => finish(await perform(options)))
