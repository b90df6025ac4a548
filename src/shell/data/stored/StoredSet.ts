/**
 * A data set that is fetched once and then kept in the cache: its files, and how to obtain them. A stored file is used
 * only if its size and hash are as pinned; missing and damaged files are obtained again.
 */
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { environment, type ShellError } from '../../base/ShellError.js'
import { cacheFolder, isWritable, readVerified, writeAtomically, type Cached } from './cache.js'
import type { DownloadOptions } from './download.js'
import { quiet } from './DataProgress.js'

/** A file in the cache, with its pinned size and hash. */
export interface StoredFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** Puts a file of a set into the cache atomically. */
export type Store = (name: string, bytes: Uint8Array) => TE.TaskEither<ShellError, void>

/** How a data set is fetched and where it is kept. */
export interface FetchOptions extends DownloadOptions {
  /** Fetch even if the cache is complete. */
  readonly force?: boolean | undefined
  /** The cache folder; by default the user's. */
  readonly cache?: string | undefined
}

export interface StoredSet {
  /** Its name on the command line, and of its folder in the cache. */
  readonly name: string
  readonly title: string
  /** Its contents, for a person. */
  readonly about: string
  /** Its origin, for a person. */
  readonly origin: string
  /** Its name in progress messages, such as `name@version`. */
  readonly source: string
  readonly files: ReadonlyArray<StoredFile>
  /** Obtains all files, even those that are already stored, and stores each. */
  readonly obtain: (store: Store, options: FetchOptions) => TE.TaskEither<ShellError, unknown>
}

export interface FileStatus {
  readonly name: string
  readonly state: Cached['_tag']
  /** What is wrong with a corrupt file; otherwise `null`. */
  readonly problem: string | null
}

export interface CacheStatus {
  readonly folder: string
  readonly files: ReadonlyArray<FileStatus>
  /** Whether every file is present and as pinned. */
  readonly complete: boolean
  readonly writable: boolean
}

/** The folder of a set's files. */
export const folderOf = ({ name }: Pick<StoredSet, 'name'>, cache: string = cacheFolder()): string =>
  join(cache, name)

/** The state of a set in the cache. Reads every file, one at a time, and checks its hash (200 MB take 0.5 s). */
export const statusOf = (set: StoredSet, cache: string = cacheFolder()): T.Task<CacheStatus> => {
  const folder = folderOf(set, cache)
  const status = (file: StoredFile): T.Task<FileStatus> =>
    pipe(
      readVerified(join(folder, file.name), file),
      T.map(found => ({
        name: file.name,
        state: found._tag,
        problem: found._tag === 'Corrupt' ? found.problem : null,
      })),
    )
  return pipe(
    T.Do,
    T.bind('files', () => T.traverseSeqArray(status)(set.files)),
    T.bind('writable', () => isWritable(folder)),
    T.map(found => ({ folder, ...found, complete: found.files.every(({ state }) => state === 'Whole') })),
  )
}

const obtained = (set: StoredSet, options: FetchOptions): TE.TaskEither<ShellError, unknown> => {
  const folder = folderOf(set, options.cache)
  const { onProgress = quiet } = options
  return pipe(
    set.obtain((name, bytes) => writeAtomically(join(folder, name), bytes), options),
    TE.tapIO(() => () => onProgress({ _tag: 'Stored', name: set.source, folder })),
  )
}

/**
 * Puts a set into the cache, unless the cache already holds it.
 *
 * Errors: those of `obtain`; `Environment` if the cache cannot be written.
 */
export const fetchSet = (
  set: StoredSet,
  options: FetchOptions = {},
): TE.TaskEither<ShellError, CacheStatus> => {
  const status = TE.fromTask<CacheStatus, ShellError>(statusOf(set, options.cache))
  return pipe(
    status,
    TE.chain(before =>
      before.complete && options.force !== true
        ? TE.right(before)
        : pipe(
            obtained(set, options),
            TE.chain(() => status),
          ),
    ),
  )
}

/** Files of a set, in the order of `names`. If one of them is absent or corrupt, the whole set is obtained. */
export const storedFiles =
  (set: StoredSet, options: FetchOptions) =>
  (names: ReadonlyArray<string>): TE.TaskEither<ShellError, ReadonlyArray<Uint8Array>> => {
    const folder = folderOf(set, options.cache)
    const wanted = names.flatMap(name => set.files.filter(file => file.name === name))
    const read = (file: StoredFile): T.Task<Cached> =>
      pipe(
        readVerified(join(folder, file.name), file),
        T.tapIO(found => () => {
          if (found._tag === 'Corrupt')
            options.onProgress?.({ _tag: 'Replacing', path: join(folder, file.name), problem: found.problem })
        }),
      )
    const readAll = T.traverseSeqArray(read)(wanted)
    const bytesOf = (found: ReadonlyArray<Cached>): E.Either<ShellError, ReadonlyArray<Uint8Array>> => {
      const whole = found.flatMap(entry => (entry._tag === 'Whole' ? [entry.bytes] : []))
      return whole.length === found.length
        ? E.right(whole)
        : E.left(
            environment(
              `The cache of ${set.title} changed while it was read. Make sure that no other program writes to the folder ` +
                `"${folder}", and run again.`,
            ),
          )
    }
    return pipe(
      readAll,
      T.map(bytesOf),
      TE.orElse(() =>
        pipe(
          obtained(set, options),
          TE.chain(() => pipe(readAll, T.map(bytesOf))),
        ),
      ),
    )
  }
