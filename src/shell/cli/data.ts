/** `bilevel data`: fetches data sets before a run, and lists and verifies the cache. */
import { Argument, Command } from 'commander'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { storedSets } from '../data/stored/storedSets.js'
import { fetchSet, statusOf, type CacheStatus, type StoredSet } from '../data/stored/StoredSet.js'
import { badInput, environment, type ShellError } from '../base/ShellError.js'

type Finish = (result: E.Either<ShellError, string>) => void

const setNames = storedSets().map(({ name }) => name)

const about = `
Data sets:
${storedSets()
  .map(({ name, about, origin }) => `  ${name.padEnd(14)} ${about},\n${' '.repeat(17)}from ${origin}`)
  .join('\n')}

Files are kept in your own cache folder; the environment variable BILEVEL_CACHE
names another one. IDX and NPZ files and CIFAR-10's binary batches need none:
a configuration can name such files (docs/data.md).`

const fetchHelp = `${about}

A run fetches the data set it needs by itself; this command does so beforehand.

Examples:
  $ bilevel data fetch mnist
  $ bilevel data fetch fashion-mnist --from downloads/fashion
  $ BILEVEL_CACHE=/srv/bilevel bilevel data fetch mnist cifar10 --force`

const listHelp = `${about}

Example:
  $ bilevel data list`

const verifyHelp = `${about}

Without a name, all data sets in the cache are checked.
Exit codes: 0 every file is as expected; 2 a file is damaged, or a data set that
you named is missing.

Examples:
  $ bilevel data verify
  $ bilevel data verify cifar10`

const megabytes = ({ files }: StoredSet): string =>
  `${(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(0)} MB`

const chosen = (names: ReadonlyArray<string>, from?: string): ReadonlyArray<StoredSet> =>
  storedSets(from).filter(({ name }) => names.includes(name))

interface FetchFlags {
  readonly force: boolean
  readonly from?: string
}

const fetched = async (
  names: ReadonlyArray<string>,
  { force, from }: FetchFlags,
): Promise<E.Either<ShellError, string>> => {
  if (from !== undefined && names.some(name => name !== 'fashion-mnist'))
    return E.left(
      badInput(
        'The option --from is for fashion-mnist alone, which is copied from a folder; the other sets are downloaded. ' +
          'Leave --from out, or fetch fashion-mnist by itself. To use other files of your own, name their folder in ' +
          'the configuration: `data.folder`.',
      ),
    )
  const [{ showDataProgress }, { status }] = await Promise.all([
    import('../run/dataProgress.js'),
    import('../run/statusLine.js'),
  ])
  const display = status(process.stderr, () => performance.now() / 1000)
  const result = await pipe(
    chosen(names, from),
    TE.traverseSeqArray(set =>
      pipe(
        fetchSet(set, { force, onProgress: showDataProgress(display) }),
        TE.map(
          ({ folder, files }) =>
            `${set.title} is in ${folder}: ${files.length} files, ${megabytes(set)}, each as expected.`,
        ),
      ),
    ),
    TE.map(lines => lines.join('\n')),
  )()
  display.clear()
  return result
}

/** The state of a data set in the cache, for a person. */
export const stateOf = ({ files, complete }: CacheStatus): 'complete' | 'damaged' | 'not there yet' =>
  complete ? 'complete' : files.every(({ state }) => state === 'Absent') ? 'not there yet' : 'damaged'

const listed = async (): Promise<string> => {
  const lines: string[] = []
  for (const set of storedSets()) {
    const status = await statusOf(set)()
    lines.push(
      `${set.name.padEnd(14)} ${stateOf(status).padEnd(13)} ${megabytes(set).padStart(6)}  ${set.about}`,
      ...(status.complete ? [] : [`  → \`bilevel data fetch ${set.name}\` gets it from ${set.origin}.`]),
      ...(status.complete ? [`  ${status.folder}`] : []),
    )
  }
  return lines.join('\n')
}

const damage = (set: StoredSet, { folder, files }: CacheStatus): string =>
  `${set.title} in "${folder}" (${files
    .flatMap(({ name, state, problem }) =>
      state === 'Whole' ? [] : [`${name}: ${problem ?? 'it is not there'}`],
    )
    .join('; ')})`

const verified = async (names: ReadonlyArray<string>): Promise<E.Either<ShellError, string>> => {
  const lines: string[] = []
  const faults: Array<{ readonly name: string; readonly text: string }> = []
  for (const set of chosen(names.length === 0 ? setNames : names)) {
    const status = await statusOf(set)()
    const state = stateOf(status)
    if (status.complete)
      lines.push(
        `${set.name}: ${status.files.length} files, ${megabytes(set)}, each as expected (${status.folder})`,
      )
    else if (state === 'not there yet' && names.length === 0) lines.push(`${set.name}: not there yet`)
    else faults.push({ name: set.name, text: damage(set, status) })
  }
  return faults.length === 0
    ? E.right(lines.join('\n'))
    : E.left(
        environment(
          `The cache is not as expected: ${faults.map(({ text }) => text).join(', ')}. Fetch it again with ` +
            `\`bilevel data fetch ${faults.map(({ name }) => name).join(' ')}\`.`,
        ),
      )
}

/** The command `data`; it passes its result to `finish`. */
export const dataCommand = (finish: Finish): Command =>
  new Command('data')
    .summary('fetch data sets, and check the cache')
    .description('Fetches data sets before a run, and lists and checks those in the cache.')
    .addCommand(
      new Command('fetch')
        .summary('put data sets into the cache')
        .description('Puts data sets into the cache, unless it already holds them complete.')
        .addArgument(new Argument('<name...>', 'the data sets').choices(setNames))
        .option('--force', 'fetch even if the cache is complete', false)
        .option('--from <folder>', 'the folder with the IDX files of fashion-mnist')
        .addHelpText('after', fetchHelp)
        .action(async (names: ReadonlyArray<string>, flags: FetchFlags) =>
          finish(await fetched(names, flags)),
        ),
    )
    .addCommand(
      new Command('list')
        .summary('list data sets, and which are in the cache')
        .description('Lists all data sets, and says which of them are in the cache.')
        .addHelpText('after', listHelp)
        .action(async () => finish(E.right(await listed()))),
    )
    .addCommand(
      new Command('verify')
        .summary('check the files in the cache')
        .description('Reads every file in the cache and checks its hash.')
        .addArgument(new Argument('[name...]', 'the data sets').choices(setNames))
        .addHelpText('after', verifyHelp)
        .action(async (names: ReadonlyArray<string>) => finish(await verified(names))),
    )
