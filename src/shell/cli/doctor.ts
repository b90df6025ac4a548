/** `bilevel doctor`: checks backends, versions and the data cache, and says how to repair each. */
import { Command } from 'commander'
import { availableParallelism } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import type { Availability } from '../backend/Backend.js'
import { storedSets } from '../data/stored/storedSets.js'
import { statusOf, type CacheStatus, type StoredSet } from '../data/stored/StoredSet.js'
import { optional } from '../base/optional.js'
import type { ShellError } from '../base/ShellError.js'
import { stateOf } from './data.js'

const backendLine = ({ name, present, detail }: Availability): string =>
  `  ${present ? 'works  ' : 'missing'}  ${name.padEnd(5)} ${detail}`

const backendAdvice = (found: ReadonlyArray<Availability>): ReadonlyArray<string> => {
  const present = found.filter(backend => backend.present).map(({ name }) => name)
  if (present.length === 0)
    return [
      '  → No backend works. Install the optional dependencies: `npm install --include=optional`, or `npm ci`.',
    ]
  const used = `  --backend auto uses ${present[0]!}.`
  if (present.includes('node'))
    return present.includes('wasm')
      ? [
          used,
          "  For networks with convolutions, and for dense networks on mostly dark images, such as MNIST's, it uses wasm,",
          '  which starts sooner.',
        ]
      : [used]
  return present.includes('wasm')
    ? [
        used,
        '  → To add node: `bilevel setup-native` (in a clone: `npm run setup:native`). Everything works without it, too.',
      ]
    : [
        used,
        '  → cpu is about thirty times slower than wasm. To add wasm: `npm install @tensorflow/tfjs-backend-wasm`.',
      ]
}

const cacheLines = ({ name, title, origin }: StoredSet, status: CacheStatus): ReadonlyArray<string> => {
  const { folder, files, complete, writable } = status
  return [
    `  ${title}: ${stateOf(status)} (${folder}${writable ? '' : ', which is not writable'})`,
    ...files.flatMap(file => (file.problem === null ? [] : [`    ${file.name}: ${file.problem}`])),
    ...(complete
      ? []
      : [
          writable
            ? `  → \`bilevel data fetch ${name}\` gets it from ${origin}; a run that needs it also fetches it.`
            : '  → Make the folder writable, or name another one with the environment variable BILEVEL_CACHE.',
        ]),
  ]
}

const report = async (): Promise<E.Either<ShellError, string>> => {
  const [loaded, { programVersion }, { methods }] = await Promise.all([
    optional(() => import('../backend/chooseBackend.js'))(),
    import('../base/package.js'),
    import('../record/Methods.js'),
  ])
  const backends = E.isRight(loaded) ? await loaded.right.available() : []
  const caches: string[] = []
  for (const set of storedSets()) caches.push(...cacheLines(set, await statusOf(set)()))
  return E.right(
    [
      `bilevel-hpo ${programVersion()}, Node ${process.version}, ${process.platform} ${process.arch}, ` +
        `${availableParallelism()} processors`,
      `Methods: ${[...methods.keys()].join(', ')}`,
      '',
      'Backends',
      ...(E.isRight(loaded)
        ? [...backends.map(backendLine), ...backendAdvice(backends)]
        : [`  missing  all of them`, `  → ${loaded.left.message}`]),
      '',
      'Data cache',
      ...caches,
    ].join('\n'),
  )
}

const help = `
Each line that begins with → says how to add or repair something. The exit code
is always 0.

Example:
  $ bilevel doctor`

/** The command `doctor`; it passes its result to `finish`. */
export const doctorCommand = (finish: (result: E.Either<ShellError, string>) => void): Command =>
  new Command('doctor')
    .summary('check what works on this machine, and say how to repair the rest')
    .description('Looks for backends, versions and cached data, and says how to add what is missing.')
    .addHelpText('after', help)
    .action(async () => finish(await report()))
