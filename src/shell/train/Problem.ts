/** A bilevel problem on a network: the sets, the network, the hyperparameters and the solver's settings. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { size, type ImageSet, type Splits } from '../data/set/ImageSet.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import type { Hyperparameters, HyperparametersConfig } from '../model/Hyperparameters.js'
import { shapeText, type Network } from '../model/Network.js'
import type { NetworkConfig } from '../model/NetworkConfig.js'
import { unsuited } from './Augmentation.js'
import type { SolverConfig } from './SolverConfig.js'

/** A bilevel problem on a network. */
export interface Problem {
  readonly splits: Splits
  readonly network: Network
  readonly hyperparameters: Hyperparameters
  readonly solver: SolverConfig
  /** Seeds the initial weights and the order of examples. */
  readonly seed: number
  /** The configuration of network and hyperparameters, from which another thread makes them again. */
  readonly recipe?: Recipe
}

/** The configuration of the parts that contain functions: functions cannot be sent to another thread. */
export interface Recipe {
  readonly network: NetworkConfig
  readonly hyperparameters: HyperparametersConfig
}

const fault = (name: string, set: ImageSet, network: Network): string | null => {
  const pixels = set.shape[0] * set.shape[1] * set.shape[2]
  if (size(set) === 0) return `The ${name} set is empty. Give it at least one example.`
  if (shapeText(set.shape) !== shapeText(network.inputShape))
    return (
      `The ${name} set has images of ${shapeText(set.shape)}, but the network ${network.name} takes ` +
      `${shapeText(network.inputShape)}. Make the network from the shape of the data.`
    )
  if (set.images.length !== size(set) * pixels)
    return (
      `The ${name} set has ${size(set)} labels, but ${set.images.length / pixels} images of ` +
      `${shapeText(set.shape)}. Give each image one label.`
    )
  const bad = set.labels.findIndex(label => label >= network.classes)
  return bad < 0
    ? null
    : `Label ${set.labels[bad]!} of example ${bad} of the ${name} set is out of range: the network ` +
        `${network.name} has the classes 0 to ${network.classes - 1}. Correct the label or the number of classes.`
}

/** Checks that the solver can train on images of a shape. Errors: `BadInput` if its augmentation does not suit them. */
export const checkedAugmentation = (
  { augment }: Pick<SolverConfig, 'augment'>,
  shape: ImageSet['shape'],
): E.Either<ShellError, void> => {
  const message = unsuited(augment, shape)
  return message === null ? E.right(undefined) : E.left(badInput(message))
}

/** Checks that the sets of a problem fit its network and its solver. Errors: `BadInput` if one does not. */
export const checked = (problem: Problem): E.Either<ShellError, Problem> => {
  const { train, validation, test } = problem.splits
  for (const [name, set] of [
    ['training', train],
    ['validation', validation],
    ['test', test],
  ] as const) {
    const message = set === null ? null : fault(name, set, problem.network)
    if (message !== null) return E.left(badInput(message))
  }
  return pipe(
    checkedAugmentation(problem.solver, train.shape),
    E.map(() => problem),
  )
}

/** Two sets of equal shape as one. */
export const joined = (a: ImageSet, b: ImageSet): ImageSet => {
  const images = new Float32Array(a.images.length + b.images.length)
  images.set(a.images)
  images.set(b.images, a.images.length)
  const labels = new Uint8Array(size(a) + size(b))
  labels.set(a.labels)
  labels.set(b.labels, size(a))
  return { images, labels, shape: a.shape, classes: Math.max(a.classes, b.classes) }
}
