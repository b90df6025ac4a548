/**
 * The `data` section of a run's configuration: where the images come from. Decode it with `strictDecode`, so that a
 * misspelt field is refused. Paths are relative to the folder of the configuration file.
 */
import * as t from 'io-ts'
import { Count } from '../../core/codec/Codec.js'
import { maxClasses } from './formats/limits.js'

const Path = t.refinement(t.string, path => path !== '', 'a path')

const Classes = t.refinement(Count, count => count <= maxClasses, `an integer in 1…${maxClasses}`)

const Share = new t.Type<number>(
  'a number in [0, 1]',
  (u): u is number => typeof u === 'number' && u >= 0 && u <= 1,
  (u, context) => (typeof u === 'number' && u >= 0 && u <= 1 ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** The share of training labels that is replaced at random by the run's seed; none where it is left out. */
const labelNoise = { labelNoise: Share } as const

const MnistData = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        source: t.literal('mnist'),
        /** How many of the 60,000 images train, and how many validate. The test set is always all 10,000. */
        train: Count,
        validation: Count,
      }),
      /** A folder with the four IDX files; without it they are downloaded once, into the user's cache. */
      t.partial({ folder: Path, ...labelNoise }),
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
        /** How many of the 60,000 images train, and how many validate. The test set is always all 10,000. */
        train: Count,
        validation: Count,
      }),
      /** A folder with the four IDX files; without it the copy in the cache is used. */
      t.partial({ folder: Path, ...labelNoise }),
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
        /** How many of the 50,000 images train, and how many validate. The test set is always all 10,000. */
        train: Count,
        validation: Count,
      }),
      /** A folder with the six official binary batches; without it they are downloaded once, into the user's cache. */
      t.partial({ folder: Path, ...labelNoise }),
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
        /** How many classes there are; 10 by default. */
        classes: Classes,
        ...labelNoise,
      }),
    ]),
  ),
  'NpzData',
)
/** Sets that are split already, as NPZ files. */
export type NpzData = t.TypeOf<typeof NpzData>

const IdxData = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        source: t.literal('idx'),
        /** IDX files, packed by gzip or not, from which training and validation sets are drawn. */
        images: Path,
        labels: Path,
        train: Count,
        validation: Count,
      }),
      /** Both or neither. */
      t.partial({ testImages: Path, testLabels: Path, classes: Classes, ...labelNoise }),
    ]),
  ),
  'IdxData',
)
/** Any data set in IDX files, split by the run's seed. */
export type IdxData = t.TypeOf<typeof IdxData>

export const DataConfig = t.union([MnistData, FashionMnistData, Cifar10Data, NpzData, IdxData], 'DataConfig')
/** Where the images come from: the section `data` of a configuration. */
export type DataConfig = t.TypeOf<typeof DataConfig>

/** The classes that a configuration means where it names none. */
export const defaultClasses = 10
