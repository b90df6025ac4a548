/** What trains, by its types and alone: a network of one's own answers one question. */
import { isLeft } from 'fp-ts/lib/Either.js'
import {
  chooseBackend,
  hyperparametersOf,
  mlp,
  networkInterpreter,
  type ImageSet,
  type Problem,
} from '../../../src/shell/index.js'

const set: ImageSet = {
  images: Float32Array.from({ length: 8 * 4 }, (_, i) => (i % 5) / 5),
  labels: Uint8Array.from({ length: 8 }, (_, i) => i % 2),
  shape: [2, 2, 1],
  classes: 2,
}
const network = mlp([2, 2, 1], 2, [3])
const hyperparameters = hyperparametersOf(network, { family: 'l2', per: 'model', lower: -4, upper: 4 })
const backend = await chooseBackend('cpu')()
if (isLeft(backend)) throw new Error(backend.left.message)
if (isLeft(hyperparameters)) throw new Error(hyperparameters.left.message)
const problem: Problem = {
  splits: { train: set, validation: set, test: null },
  network,
  hyperparameters: hyperparameters.right,
  solver: {
    epochs: 2,
    batchSize: 4,
    learningRate: 0.1,
    momentum: 0.5,
    constantShare: 0.5,
    finalShare: 0.02,
    descentMomentum: 0.5,
    descentFinalShare: 0.1,
    memory: 5,
    chunkSize: 8,
  },
  seed: 0,
}
const interpreter = networkInterpreter(backend.right, problem)
if (isLeft(interpreter)) throw new Error(interpreter.left.message)
const answer = await interpreter.right.answer({
  _tag: 'SolveLowerLevel',
  id: 0,
  lambda: [0],
  from: 'initial',
  tolerance: 1e-3,
  maxEpochs: 5,
})()
console.log(isLeft(answer) ? answer.left.message : answer.right._tag)
