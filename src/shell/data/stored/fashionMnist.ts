/**
 * Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28×28, in ten classes (Xiao, Rasul, Vollgraf 2017).
 *
 * The npm registry does not have it, so it is copied from a folder with its four IDX files, gzipped or not: a folder that
 * the user names, or that of Debian's package `dataset-fashion-mnist`. The cache then keeps a verified copy, as for other
 * sets.
 */
import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { badInput, type ShellError } from '../../base/ShellError.js'
import { findFile, names, readPart, type IdxFolder, type Kind, type Part } from './IdxFolder.js'
import { readStored } from './idxStored.js'
import type { Pool } from '../set/Pool.js'
import { readInput, refused, unpackedInput } from '../formats/readInput.js'
import type { FetchOptions, StoredFile, StoredSet } from './StoredSet.js'

const classes = 10
const title = 'Fashion-MNIST'

/** The folder of Debian's package. */
export const debianFolder = '/usr/share/datasets/fashion-mnist'

const filesOf: ReadonlyArray<StoredFile & { readonly part: Part; readonly kind: Kind }> = [
  {
    part: 'train',
    kind: 'images',
    name: names.train.images,
    bytes: 47_040_016,
    sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  },
  {
    part: 'train',
    kind: 'labels',
    name: names.train.labels,
    bytes: 60_008,
    sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  },
  {
    part: 'test',
    kind: 'images',
    name: names.test.images,
    bytes: 7_840_016,
    sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  },
  {
    part: 'test',
    kind: 'labels',
    name: names.test.labels,
    bytes: 10_008,
    sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  },
]

const getIt =
  'On Debian and Ubuntu, `apt-get install dataset-fashion-mnist` installs them, and `bilevel data fetch fashion-mnist` ' +
  'finds them. On other systems, download the four IDX files and name their folder: ' +
  '`bilevel data fetch fashion-mnist --from FOLDER`.'

/** Fashion-MNIST in the cache, copied from the folder `from`. */
export const fashionMnistSet = (from: string = debianFolder): StoredSet => {
  const folder: IdxFolder = { folder: from, title, advice: getIt }
  return {
    name: 'fashion-mnist',
    title,
    about: '60,000 and 10,000 images of clothes, 28×28',
    origin: "a folder: --from, or that of Debian's dataset-fashion-mnist",
    source: title,
    files: filesOf.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
    obtain: store =>
      TE.traverseSeqArray((file: (typeof filesOf)[number]) =>
        pipe(
          findFile(folder)(file.part, file.kind),
          TE.chain(input =>
            pipe(
              readInput(input),
              TE.chain(unpackedInput(input, () => E.right(file.bytes))),
              TE.filterOrElse(
                bytes =>
                  bytes.length === file.bytes &&
                  createHash('sha256').update(bytes).digest('hex') === file.sha256,
                () =>
                  badInput(
                    refused(input, `it is not that file of ${title} (its SHA-256 is not the expected one)`)
                      .message +
                      ' To use another data set of this form, name its folder in the configuration: "data": { "source": ' +
                      '"fashion-mnist", "folder": … }.',
                  ),
              ),
            ),
          ),
          TE.chain(bytes => store(file.name, bytes)),
        ),
      )(filesOf),
  }
}

/**
 * One part of Fashion-MNIST as bytes. It is read from `folder` if given; otherwise from the cache, which is filled from
 * the folder of Debian's package if necessary.
 */
export const loadFashionMnist = (
  part: Part,
  { folder, ...options }: FetchOptions & { readonly folder?: string | undefined } = {},
): TE.TaskEither<ShellError, Pool> =>
  folder === undefined
    ? readStored(fashionMnistSet(), classes, part, options)
    : readPart({ folder, title, advice: getIt }, classes)(part)
