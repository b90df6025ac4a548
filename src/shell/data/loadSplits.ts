/** Loads the training, validation and test set that the section `data` of a configuration names. */
import { resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { loadCifar10 } from './stored/cifar10.js'
import {
  defaultClasses,
  type Cifar10Data,
  type DataConfig,
  type FashionMnistData,
  type IdxData,
  type MnistData,
} from './DataConfig.js'
import { loadFashionMnist } from './stored/fashionMnist.js'
import { readIdxPair } from './formats/idxFiles.js'
import type { ImageSet, Splits } from './set/ImageSet.js'
import { withLabelNoise } from './set/labelNoise.js'
import { loadMnist } from './stored/mnist.js'
import * as Pool from './set/Pool.js'
import { npzSplits, unscaled } from './npzSplits.js'
import type { Input } from './formats/readInput.js'
import { stratified } from './set/split.js'
import * as Standardisation from './set/Standardisation.js'
import type { FetchOptions } from './stored/StoredSet.js'

/** How to find and to split the images of a configuration. */
export interface LoadOptions extends FetchOptions {
  /** Selects training and validation images, if the source is not already split. */
  readonly seed: number
  /** The folder of the configuration file, to which its paths are relative. */
  readonly baseFolder: string
}

type StoredData = MnistData | FashionMnistData | Cifar10Data

type Loaded<A> = TE.TaskEither<ShellError, A>

const inputAt =
  ({ baseFolder }: LoadOptions) =>
  (path: string, what: string, field: string): Input => ({
    path: resolve(baseFolder, path),
    what,
    advice: `Correct the file or the configuration's field \`data.${field}\`.`,
  })

/** Training and validation images drawn from a pool. */
const drawn =
  (config: StoredData | IdxData, { seed }: LoadOptions) =>
  (pool: Pool.Pool): E.Either<ShellError, Pick<Splits, 'train' | 'validation'>> =>
    pipe(
      stratified({ train: config.train, validation: config.validation, seed })(pool.labels, pool.classes),
      E.bimap(
        problem =>
          badInput(
            `The data cannot be split: ${problem}. Lower \`data.train\` or \`data.validation\` in the configuration.`,
          ),
        ({ train, validation }) => ({
          train: Pool.select(train)(pool),
          validation: Pool.select(validation)(pool),
        }),
      ),
    )

/** Loads a set whose training and test images are separate files, in the cache or in a folder. */
const fromParts = (
  config: StoredData,
  options: LoadOptions,
  load: (part: 'train' | 'test', options: LoadOptions & { readonly folder?: string }) => Loaded<Pool.Pool>,
): Loaded<Splits> => {
  const from = config.folder === undefined ? {} : { folder: resolve(options.baseFolder, config.folder) }
  // In sequence: the first part downloads the set, and the second finds it in the cache. It also saves memory: the pool
  // of training images is released before the test images are read.
  return pipe(
    load('train', { ...options, ...from }),
    TE.chainEitherK(drawn(config, options)),
    TE.bind('test', () => pipe(load('test', { ...options, ...from }), TE.map(Pool.all))),
    TE.map(splits =>
      config.folder === undefined ? splits : { ...splits, reading: { scale: 255, notes: [] } },
    ),
  )
}

/** A pool with the scale of its pixels. Bytes are in 0…255, unless the configuration says otherwise. */
const withScale =
  ({ scale = 255 }: IdxData, name: string) =>
  (pool: Pool.Pool): E.Either<ShellError, Pool.Pool> => {
    // Bytes reach 255 at most, so this scale needs no look at them.
    if (scale === 255) return E.right(pool)
    const at = pool.pixels.findIndex(pixel => pixel > scale)
    return at < 0
      ? E.right({ ...pool, scale })
      : E.left(
          unscaled(
            `a pixel of image ${Math.floor(at / (pool.shape[0] * pool.shape[1]))} of the ${name} set is ` +
              `${pool.pixels[at]!}, above \`data.scale\`, which is ${scale}`,
          ),
        )
  }

const fromIdx = (config: IdxData, options: LoadOptions): Loaded<Splits> => {
  const input = inputAt(options)
  const { testImages, testLabels, classes = defaultClasses } = config
  if ((testImages === undefined) !== (testLabels === undefined))
    return TE.left(
      badInput(
        `The configuration's section \`data\` has ${testImages === undefined ? '`testLabels` but no `testImages`' : '`testImages` but no `testLabels`'}. ` +
          'Give both, or neither for no test set.',
      ),
    )
  return pipe(
    readIdxPair({
      images: input(config.images, 'the IDX file of images', 'images'),
      labels: input(config.labels, 'the IDX file of labels', 'labels'),
      classes,
    }),
    TE.chainEitherK(withScale(config, 'training')),
    TE.chainEitherK(drawn(config, options)),
    TE.bind('test', () =>
      testImages === undefined || testLabels === undefined
        ? TE.right(null)
        : pipe(
            readIdxPair({
              images: input(testImages, 'the IDX file of test images', 'testImages'),
              labels: input(testLabels, 'the IDX file of test labels', 'testLabels'),
              classes,
            }),
            TE.chainEitherK(withScale(config, 'test')),
            TE.map(Pool.all),
          ),
    ),
    TE.map(splits => ({ ...splits, reading: { scale: config.scale ?? 255, notes: [] } })),
  )
}

/** Checks that all sets have the same image size and number of classes, since one network reads them all. */
const checkShapes = (splits: Splits): E.Either<ShellError, Splits> => {
  const { train, validation, test } = splits
  const form = ({ shape, classes }: ImageSet): string => `${shape.join('×')} in ${classes} classes`
  const other = [
    { name: 'validation', set: validation },
    { name: 'test', set: test },
  ].find(({ set }) => set !== null && form(set) !== form(train))
  return other?.set
    ? E.left(
        badInput(
          `The sets do not match: the training images are ${form(train)} (height×width×channels), the ` +
            `${other.name} images ${form(other.set)}. Name files of one data set in the configuration's section \`data\`.`,
        ),
      )
    : E.right(splits)
}

const loaded = (config: DataConfig, options: LoadOptions): Loaded<Splits> => {
  switch (config.source) {
    case 'mnist':
      return fromParts(config, options, loadMnist)
    case 'fashion-mnist':
      return fromParts(config, options, loadFashionMnist)
    case 'cifar10':
      return fromParts(config, options, loadCifar10)
    case 'npz':
      return npzSplits(config, {
        input: inputAt(options),
        mnist: pipe(loadMnist('test', options), TE.map(Pool.all)),
      })
    case 'idx':
      return fromIdx(config, options)
  }
}

const noisy =
  ({ labelNoise = 0 }: DataConfig, { seed }: LoadOptions) =>
  (splits: Splits): Splits =>
    labelNoise === 0 ? splits : { ...splits, train: withLabelNoise(labelNoise, seed)(splits.train) }

const standardised =
  ({ standardise = false }: DataConfig) =>
  (splits: Splits): Splits => {
    if (standardise === false) return splits
    const standardisation = Standardisation.of(standardise)(splits.train)
    const set = Standardisation.applied(standardisation)
    const { train, validation, test } = splits
    return {
      ...splits,
      train: set(train),
      validation: set(validation),
      test: test === null ? null : set(test),
      standardisation,
    }
  }

/**
 * Reads, decodes and splits the data that a configuration names, then adds its label noise to the training set and
 * standardises all pixels if the configuration says so.
 *
 * Errors: `BadInput` for a bad file or configuration, `Environment` for failures of a download, the cache or the disk.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type DataConfig, type ImageSet, loadSplits, type LoadOptions, type Reading, type Splits } from 'bilevel-hpo/shell'
 *
 * const data: DataConfig = { source: 'idx', images: 'images.idx', labels: 'labels.idx', train: 30, validation: 20, classes: 2 }
 * const options: LoadOptions = { seed: 0, baseFolder: '.' }
 * const splits: E.Either<unknown, Splits> = await loadSplits(data, options)()
 * const shapeOf = ({ labels, shape }: ImageSet) => [labels.length, ...shape]
 * E.map(({ train, validation }: Splits) => [train, validation].map(shapeOf))(splits) // => E.right([[30, 3, 3, 1], [20, 3, 3, 1]])
 * // White is 255 in the files.
 * const reading: Reading | undefined = E.isRight(splits) ? splits.right.reading : undefined
 * reading // => { scale: 255, notes: [] }
 * ```
 */
export const loadSplits = (config: DataConfig, options: LoadOptions): TE.TaskEither<ShellError, Splits> =>
  pipe(
    loaded(config, options),
    TE.chainEitherK(checkShapes),
    TE.map(noisy(config, options)),
    TE.map(standardised(config)),
  )
