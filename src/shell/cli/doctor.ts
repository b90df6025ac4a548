/** `bilevel doctor`: what works here, and what to do about what doesn't. */
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
  const used = `  --backend auto takes ${present[0]!}.`
  if (present.includes('node'))
    return present.includes('wasm')
      ? [used, "  For dense networks on dark images, as MNIST's are, it takes wasm: begun sooner."]
      : [used]
  return present.includes('wasm')
    ? [
        used,
        '  → To have node as well: `bilevel setup-native` (in a clone: `npm run setup:native`). All else works without it.',
      ]
    : [
        used,
        '  → cpu alone is some thirty times slower than wasm: `npm install @tensorflow/tfjs-backend-wasm`.',
      ]
}

const cacheLines = ({ name, title, origin }: StoredSet, status: CacheStatus): ReadonlyArray<string> => {
  const { folder, files, complete, writable } = status
  return [
    `  ${title}: ${stateOf(status)} (${folder}${writable ? '' : ', which cannot be written'})`,
    ...files.flatMap(file => (file.problem === null ? [] : [`    ${file.name}: ${file.problem}`])),
    ...(complete
      ? []
      : [
          writable
            ? `  → \`bilevel data fetch ${name}\` gets it from ${origin}; a run that needs it does so by itself.`
            : '  → Make the folder writable, or name another one by the environment variable BILEVEL_CACHE.',
        ]),
  ]
}

const report = async (): Promise<E.Either<ShellError, string>> => {
  const [loaded, { programVersion }, { methods }] = await Promise.all([
    optional(() => import('../backend/Backend.js'))(),
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
Exit code: 0, whatever is missing; each line that begins with → says what to do
about something.

Example:
  $ bilevel doctor`

/** The command, which hands its result on. */
export const doctorCommand = (finish: (result: E.Either<ShellError, string>) => void): Command =>
  new Command('doctor')
    .summary('what works here, and what to do about what does not')
    .description('Looks for backends, versions and cached data, and says what to do about what is missing.')
    .addHelpText('after', help)
    .action(async () => finish(await report()))
