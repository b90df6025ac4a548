/**
 * A world in which only F matters, a function of λ and of the epochs that the weights were trained for. A training
 * takes all the epochs that it is allowed.
 */
import type { Question, WeightsRef } from '../../src/core/protocol/Command.js'
import { initialWeights, weightsOf } from '../../src/core/protocol/Command.js'
import type { Observation, SetMetrics } from '../../src/core/protocol/Observation.js'
import type { SearchSpace } from '../../src/core/protocol/SearchSpace.js'
import * as Rng from '../../src/core/numeric/Rng.js'
import type { World } from '../../src/core/laws/simulate/World.js'

type Vec = ReadonlyArray<number>

export interface Landscape {
  readonly loss: (lambda: Vec) => number
  /** Added to F after so many epochs; default: nothing. */
  readonly curve?: (lambda: Vec, epochs: number) => number
  /** Standard deviation of the noise on every measurement of F. */
  readonly noise?: number
  readonly seed?: number
  /** Whether training fails at this λ. */
  readonly fails?: (lambda: Vec) => boolean
  /** Effort of an epoch. */
  readonly trainingExamples?: number
}

/** d hyperparameters between two bounds. */
export const box = (d: number, lower = 0, upper = 1): SearchSpace =>
  Array.from({ length: d }, (_, k) => ({ name: `x${k}`, lower, upper, scale: 'linear' }))

export const landscapeWorld = ({
  loss,
  curve = () => 0,
  noise = 0,
  seed = 0,
  fails = () => false,
  trainingExamples = 1,
}: Landscape): World => {
  const world = (store: ReadonlyMap<WeightsRef, number>): World => {
    const failed = (id: number, reason: string, effort: number): readonly [Observation, World] => [
      { _tag: 'CommandFailed', id, reason, effort },
      world(store),
    ]
    const metrics = (lambda: Vec, epochs: number): SetMetrics => {
      const measured = { loss: loss(lambda) + curve(lambda, epochs), accuracy: null }
      return { train: measured, validation: measured, test: measured }
    }
    const answer = (question: Question): readonly [Observation, World] => {
      const { id, lambda } = question
      switch (question._tag) {
        case 'SolveLowerLevel': {
          const before = store.get(question.from)
          const effort = question.maxEpochs * trainingExamples
          if (before === undefined) return failed(id, `there are no weights ${question.from}`, 0)
          if (fails(lambda)) return failed(id, 'training diverged', effort / 2)
          const epochs = before + question.maxEpochs
          const [normals] = Rng.normals(1)(Rng.make(seed, id))
          const weights = weightsOf(id)
          return [
            {
              _tag: 'LowerLevelSolved',
              id,
              upper: loss(lambda) + curve(lambda, epochs) + noise * normals[0]!,
              lower: 0,
              upperGradient: lambda.map(() => 0),
              lowerGradient: lambda.map(() => 0),
              gradientNorm: 0,
              weights,
              effort,
              converged: false,
            },
            world(new Map([...store, [weights, epochs]])),
          ]
        }
        case 'EvaluateLosses': {
          const epochs = store.get(question.weights)
          return epochs === undefined
            ? failed(id, `there are no weights ${question.weights}`, 0)
            : [{ _tag: 'LossesEvaluated', id, metrics: metrics(lambda, epochs) }, world(store)]
        }
        case 'Refit': {
          const weights = weightsOf(id)
          return [
            {
              _tag: 'Refitted',
              id,
              metrics: metrics(lambda, question.maxEpochs),
              weights,
              effort: question.maxEpochs * trainingExamples,
            },
            world(new Map([...store, [weights, question.maxEpochs]])),
          ]
        }
        case 'DescendWeights':
          return failed(id, 'nothing descends here', 0)
      }
    }
    return {
      answer,
      release: refs => world(new Map([...store].filter(([ref]) => !refs.includes(ref)))),
      held: [...store.keys()],
    }
  }
  return world(new Map([[initialWeights, 0]]))
}
