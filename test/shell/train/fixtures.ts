/** Small synthetic problems: the images of each class are a Gaussian blob. */
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { make, normals } from '../../../src/core/numeric/Rng.js'
import { available, choose } from '../../../src/shell/backend/chooseBackend.js'
import type { Backend } from '../../../src/shell/backend/Backend.js'
import type { ImageSet } from '../../../src/shell/data/set/ImageSet.js'
import { hyperparametersOf, HyperparametersConfig } from '../../../src/shell/model/Hyperparameters.js'
import { networkOf, NetworkConfig } from '../../../src/shell/model/NetworkConfig.js'
import type { Problem } from '../../../src/shell/train/Problem.js'
import { SolverConfig } from '../../../src/shell/train/SolverConfig.js'

/** The right side, or a failed test. */
export const right = <L, A>(either: E.Either<L, A>): A => {
  if (E.isLeft(either)) throw new Error(`expected a Right, found ${JSON.stringify(either.left)}`)
  return either.right
}

/** The left side, or a failed test. */
export const left = <L, A>(either: E.Either<L, A>): L => {
  if (E.isRight(either)) throw new Error(`expected a Left, found ${JSON.stringify(either.right)}`)
  return either.left
}

export const run = async <L, A>(task: TE.TaskEither<L, A>): Promise<A> => right(await task())

const pixelsOf = ([height, width, channels]: ImageSet['shape']): number => height * width * channels

/** `count` images of noisy class means; the labels cycle through the classes. */
export const blobs = (
  count: number,
  shape: ImageSet['shape'],
  classes: number,
  seed: number,
  noise = 0.6,
): ImageSet => {
  const pixels = pixelsOf(shape)
  const [means] = normals(classes * pixels)(make(1))
  const [deviations] = normals(count * pixels)(make(seed))
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes)
  const images = Float32Array.from(
    { length: count * pixels },
    (_, i) =>
      0.5 + 0.3 * means[labels[Math.floor(i / pixels)]! * pixels + (i % pixels)]! + noise * deviations[i]!,
  )
  return { images, labels, shape, classes }
}

interface Options {
  readonly network?: unknown
  /** One family, or a list of them. */
  readonly hyperparameters?: object
  readonly solver?: object
  readonly shape?: ImageSet['shape']
  readonly sizes?: readonly [train: number, validation: number, test: number]
  readonly seed?: number
}

/** A problem of a few dozen images. Every part can be replaced. */
export const problem = (options: Options = {}): Problem => {
  const shape = options.shape ?? [6, 6, 1]
  const [train, validation, test] = options.sizes ?? [40, 30, 20]
  const config = right(NetworkConfig.decode(options.network ?? { kind: 'mlp', hidden: [8] }))
  const network = right(networkOf(config, shape, 3))
  const hyper = right(HyperparametersConfig.decode(options.hyperparameters ?? { per: 'layer' }))
  return {
    splits: {
      train: blobs(train, shape, 3, 2),
      validation: blobs(validation, shape, 3, 3),
      test: blobs(test, shape, 3, 4),
    },
    network,
    hyperparameters: right(hyperparametersOf(network, hyper, train)),
    solver: right(SolverConfig.decode({ batchSize: 8, epochs: 20, ...options.solver })),
    seed: options.seed ?? 1,
  }
}

/** Every backend that works here, loaded. */
export const presentBackends = async (): Promise<ReadonlyArray<Backend>> => {
  const backends: Array<Backend> = []
  for (const { name, present } of await available()) if (present) backends.push(await run(choose(name)))
  return backends
}
