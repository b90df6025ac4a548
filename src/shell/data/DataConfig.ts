/**
 * The section `data` of a run's configuration: the source of the images. Paths are relative to the folder of the
 * configuration file.
 */
import * as t from 'io-ts'
import { Count, Positive } from '../../core/codec/Codec.js'
import { oneOf, options } from '../../core/codec/options.js'
import { maxClasses } from './formats/limits.js'

const Path = t.refinement(t.string, path => path !== '', 'a path')

const Classes = t.refinement(Count, count => count <= maxClasses, `an integer in 1…${maxClasses}`)

const Share = new t.Type<number>(
  'a number in [0, 1]',
  (u): u is number => typeof u === 'number' && u >= 0 && u <= 1,
  (u, context) => (typeof u === 'number' && u >= 0 && u <= 1 ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** What white is in the files; by default it is found from types and ranges. */
const scale = {
  scale: t.refinement(Positive, value => value <= 2 ** 32, 'a number in (0, 4294967296], such as 1 or 255'),
} as const

/** The share of training labels that are replaced at random, by the run's seed; 0 by default. */
const labelNoise = { labelNoise: Share } as const

/** Whether pixels are standardised by the training set, for each channel or each feature; `false` by default. */
const standardise = {
  standardise: t.union(
    [t.literal(false), t.literal('channel'), t.literal('feature')],
    '"channel", "feature" or false',
  ),
} as const

/** Fields of every source, all optional. */
const everySource = { ...labelNoise, ...standardise } as const

const MnistData = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        source: t.literal('mnist'),
        /** The sizes of training and validation set, drawn from 60,000 images. The test set always has 10,000. */
        train: Count,
        validation: Count,
      }),
      /** A folder with the four IDX files; without it, they are downloaded once into the user's cache. */
      t.partial({ folder: Path, ...everySource }),
    ]),
  ),
  'MnistData',
)
/** MNIST, split by the run's seed. */
export type MnistData = t.TypeOf<typeof MnistData>

const FashionMnistData = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        source: t.literal('fashion-mnist'),
        /** The sizes of training and validation set, drawn from 60,000 images. The test set always has 10,000. */
        train: Count,
        validation: Count,
      }),
      /** A folder with the four IDX files; without it, the copy in the cache is used. */
      t.partial({ folder: Path, ...everySource }),
    ]),
  ),
  'FashionMnistData',
)
/** Fashion-MNIST, split by the run's seed. */
export type FashionMnistData = t.TypeOf<typeof FashionMnistData>

const Cifar10Data = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        source: t.literal('cifar10'),
        /** The sizes of training and validation set, drawn from 50,000 images. The test set always has 10,000. */
        train: Count,
        validation: Count,
      }),
      /** A folder with the six official binary batches; without it, they are downloaded once into the user's cache. */
      t.partial({ folder: Path, ...everySource }),
    ]),
  ),
  'Cifar10Data',
)
/** CIFAR-10, split by the run's seed. */
export type Cifar10Data = t.TypeOf<typeof Cifar10Data>

const NpzData = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        source: t.literal('npz'),
        /** NPZ files with images `x` and labels `y`. */
        train: Path,
        validation: Path,
      }),
      t.partial({
        /** A third NPZ file, `"mnist"` for MNIST's 10,000 test images, or `null` (the default) for no test set. */
        test: t.union([Path, t.null], 'a path, "mnist" or null'),
        /** The number of classes; 10 by default. */
        classes: Classes,
        ...scale,
        ...everySource,
      }),
    ]),
  ),
  'NpzData',
)
/** Sets that are already split, as NPZ files. */
export type NpzData = t.TypeOf<typeof NpzData>

const IdxData = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        source: t.literal('idx'),
        /** IDX files, optionally gzipped, from which training and validation set are drawn. */
        images: Path,
        labels: Path,
        train: Count,
        validation: Count,
      }),
      /** The test set: give both files or neither. */
      t.partial({ testImages: Path, testLabels: Path, classes: Classes, ...scale, ...everySource }),
    ]),
  ),
  'IdxData',
)
/** Any data set in IDX files, split by the run's seed. */
export type IdxData = t.TypeOf<typeof IdxData>

export const DataConfig = oneOf('an object such as `{"source": "mnist", "train": 600, "validation": 400}`', [
  options(MnistData),
  options(FashionMnistData),
  options(Cifar10Data),
  options(NpzData),
  options(IdxData),
])
/**
 * The source of the images: the section `data` of a configuration.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode } from 'bilevel-hpo'
 * import { DataConfig } from 'bilevel-hpo/shell'
 *
 * const mine = { source: 'npz', train: 'train.npz', validation: 'validation.npz', labelNoise: 0.2 }
 * decode(DataConfig)(mine) // => right(mine)
 * ```
 */
export type DataConfig = t.TypeOf<typeof DataConfig>

/** The number of classes if a configuration states none. */
export const defaultClasses = 10
