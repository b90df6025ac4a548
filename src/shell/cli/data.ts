/** `bilevel data`: gets data sets ahead of a run, and says what is there. */
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

Files are kept in a cache of your own; the environment variable BILEVEL_CACHE
names another folder for it. IDX and NPZ files, and CIFAR-10's binary batches,
need no cache: a configuration names them (docs/data.md).`

const fetchHelp = `${about}

A run fetches what it needs by itself; this is for doing so beforehand.

Examples:
  $ bilevel data fetch mnist
  $ bilevel data fetch fashion-mnist --from downloads/fashion
  $ BILEVEL_CACHE=/srv/bilevel bilevel data fetch mnist cifar10 --force`

const listHelp = `${about}

Example:
  $ bilevel data list`

const verifyHelp = `${about}

Without a name, all that is in the cache is looked at.
Exit codes: 0 every file is as it must be; 2 one is damaged, or a set that was
named is not there.

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
          'Leave it out, or fetch fashion-mnist by itself. For other files in a folder of your own, name the folder in ' +
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
            `${set.title} is in ${folder}: ${files.length} files, ${megabytes(set)}, each as it must be.`,
        ),
      ),
    ),
    TE.map(lines => lines.join('\n')),
  )()
  display.clear()
  return result
}

/** One word on a set in the cache. */
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
        `${set.name}: ${status.files.length} files, ${megabytes(set)}, each as it must be (${status.folder})`,
      )
    else if (state === 'not there yet' && names.length === 0) lines.push(`${set.name}: not there yet`)
    else faults.push({ name: set.name, text: damage(set, status) })
  }
  return faults.length === 0
    ? E.right(lines.join('\n'))
    : E.left(
        environment(
          `The cache is not as it must be: ${faults.map(({ text }) => text).join(', ')}. Get it again with ` +
            `\`bilevel data fetch ${faults.map(({ name }) => name).join(' ')}\`.`,
        ),
      )
}

/** The command, which hands its result on. */
export const dataCommand = (finish: Finish): Command =>
  new Command('data')
    .summary('get data sets, and say what is there')
    .description('Gets data sets ahead of a run, and says what is there.')
    .addCommand(
      new Command('fetch')
        .summary('put data sets into the cache')
        .description('Puts data sets into the cache, unless they are there and whole.')
        .addArgument(new Argument('<name...>', 'which data sets').choices(setNames))
        .option('--force', 'fetch although the cache is whole', false)
        .option('--from <folder>', 'the folder of the IDX files of fashion-mnist')
        .addHelpText('after', fetchHelp)
        .action(async (names: ReadonlyArray<string>, flags: FetchFlags) =>
          finish(await fetched(names, flags)),
        ),
    )
    .addCommand(
      new Command('list')
        .summary('list data sets, and what of them is in the cache')
        .description('Lists the data sets there are, and what of them is in the cache.')
        .addHelpText('after', listHelp)
        .action(async () => finish(E.right(await listed()))),
    )
    .addCommand(
      new Command('verify')
        .summary('check the files in the cache')
        .description('Reads every file in the cache and checks its hash.')
        .addArgument(new Argument('[name...]', 'which data sets').choices(setNames))
        .addHelpText('after', verifyHelp)
        .action(async (names: ReadonlyArray<string>) => finish(await verified(names))),
    )
