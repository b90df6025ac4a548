/** Laws about what a method must refuse. */
import * as E from 'fp-ts/lib/Either.js'
import type { Question } from '../../protocol/Command.js'
import type { Observation, WeightsDescended } from '../../protocol/Observation.js'
import { each, type Law, silent, type Tested, tested } from '../Law.js'
import type { Answered } from '../simulate/drive.js'
import type { MethodEvidence } from './evidence.js'

type MethodLaw = Law<MethodEvidence>

const source = 'the contract of Method (core/protocol/Method.ts): faults are Lefts'

/** An observation that the state after step `at` must refuse. */
interface Wrong {
  readonly at: number
  readonly what: string
  readonly observation: Observation
}

const refused =
  ({ probe }: MethodEvidence) =>
  ({ at, what, observation }: Wrong): E.Either<string, Tested> =>
    E.isLeft(probe(at, observation)) ? tested : E.left(`the state after step ${at} accepted ${what}`)

/** Checks wrong observations derived from each correct one, in the state that received the correct one. */
const variations =
  (of: (answered: Answered) => ReadonlyArray<Omit<Wrong, 'at'>>) =>
  (evidence: MethodEvidence): E.Either<string, Tested> =>
    each(evidence.live().answered, (answered, at) =>
      each(of(answered), wrong => refused(evidence)({ ...wrong, at })),
    )

export const unknownId: MethodLaw = {
  name: 'unknown id refused',
  meaning: 'An answer to a command that was never issued gives a Left.',
  source,
  check: evidence => {
    const { answered } = evidence.live()
    const beyond = 1 + Math.max(0, ...answered.map(({ question }) => question.id))
    return variations(({ observation }) =>
      [beyond, beyond + 1000].map(id => ({
        what: `an answer with the id ${id}, which no command had`,
        observation: { ...observation, id },
      })),
    )(evidence)
  },
}

export const repeatedId: MethodLaw = {
  name: 'repeated id refused',
  meaning:
    'An answer to a command that was answered before gives a Left, whether its batch is complete or not.',
  source,
  check: evidence => {
    const { answered } = evidence.live()
    return each(answered, (_, i) =>
      each([i, Math.floor(i / 2), 0], before =>
        refused(evidence)({
          at: i + 1,
          what: `a second answer to command ${answered[before]!.question.id}`,
          observation: answered[before]!.observation,
        }),
      ),
    )
  },
}

const wrongKindFor = ({ id, _tag, lambda }: Question): Observation =>
  _tag === 'EvaluateLosses'
    ? {
        _tag: 'WeightsDescended',
        id,
        upper: 1,
        lower: 1,
        upperGradient: lambda.map(() => 0),
        lowerGradient: lambda.map(() => 0),
        gradientNorm: 0,
        weights: `w${id}`,
        effort: 1,
      }
    : {
        _tag: 'LossesEvaluated',
        id,
        metrics: {
          train: { loss: 1, accuracy: null },
          validation: { loss: 1, accuracy: null },
          test: null,
        },
      }

export const wrongKind: MethodLaw = {
  name: 'wrong kind refused',
  meaning: 'An answer of the wrong kind for its command gives a Left.',
  source,
  check: variations(({ question }) => {
    const observation = wrongKindFor(question)
    return [{ what: `${observation._tag} as the answer to ${question._tag} ${question.id}`, observation }]
  }),
}

const notFinite = [NaN, Infinity, -Infinity] as const

const metricsWith = (value: number) => ({
  train: { loss: value, accuracy: null },
  validation: { loss: value, accuracy: null },
  test: null,
})

/** Components to corrupt in a long gradient. With all of them the law would be quadratic in d. */
const spread = 16

/** Indices of the components to corrupt: all of a short gradient, evenly spread ones of a long one. */
const placesOf = (d: number): ReadonlyArray<number> =>
  d <= 4 * spread
    ? Array.from({ length: d }, (_, k) => k)
    : Array.from({ length: spread }, (_, i) => Math.round((i * (d - 1)) / (spread - 1)))

/** Copies of the observation, each with one number that is not finite; one for every number it has. */
const spoiled = (observation: Observation, value: number): ReadonlyArray<readonly [string, Observation]> => {
  switch (observation._tag) {
    case 'LowerLevelSolved':
    case 'WeightsDescended': {
      const at = (vector: ReadonlyArray<number>, k: number): ReadonlyArray<number> =>
        vector.map((component, i) => (i === k ? value : component))
      return [
        ['upper', { ...observation, upper: value }],
        ['lower', { ...observation, lower: value }],
        ['gradientNorm', { ...observation, gradientNorm: value }],
        ['effort', { ...observation, effort: value }],
        ...placesOf(observation.upperGradient.length).flatMap(
          (k): ReadonlyArray<readonly [string, Observation]> => [
            [`upperGradient[${k}]`, { ...observation, upperGradient: at(observation.upperGradient, k) }],
            [`lowerGradient[${k}]`, { ...observation, lowerGradient: at(observation.lowerGradient, k) }],
          ],
        ),
      ]
    }
    case 'LossesEvaluated':
      return [['metrics', { ...observation, metrics: metricsWith(value) }]]
    case 'Refitted':
      return [
        ['metrics', { ...observation, metrics: metricsWith(value) }],
        ['effort', { ...observation, effort: value }],
      ]
    case 'CommandFailed':
      return [['effort', { ...observation, effort: value }]]
  }
}

export const nonFinite: MethodLaw = {
  name: 'non-finite refused',
  meaning: 'An answer with any number that is NaN or infinite gives a Left; the number never enters a state.',
  source: `${source}; JSON cannot write such numbers`,
  check: variations(({ observation }) =>
    notFinite.flatMap(value =>
      spoiled(observation, value).map(([field, wrong]) => ({
        what: `an answer whose ${field} is ${value}`,
        observation: wrong,
      })),
    ),
  ),
}

export const wrongLength: MethodLaw = {
  name: 'wrong length refused',
  meaning: 'An answer whose gradients by λ have too many or too few components gives a Left.',
  source,
  check: variations(({ observation }) => {
    if (observation._tag !== 'LowerLevelSolved' && observation._tag !== 'WeightsDescended') return []
    const { upperGradient, lowerGradient } = observation
    const wrong = (
      changed: Partial<Pick<WeightsDescended, 'upperGradient' | 'lowerGradient'>>,
    ): Observation =>
      observation._tag === 'LowerLevelSolved'
        ? { ...observation, ...changed }
        : { ...observation, ...changed }
    return [
      {
        what: 'a ∂F/∂λ with one component too many',
        observation: wrong({ upperGradient: [...upperGradient, 0] }),
      },
      {
        what: 'a ∂f/∂λ with one component too many',
        observation: wrong({ lowerGradient: [...lowerGradient, 0] }),
      },
      { what: 'a ∂f/∂λ without components', observation: wrong({ lowerGradient: [] }) },
    ]
  }),
}

export const haltedIsHalted: MethodLaw = {
  name: 'halted for good',
  meaning: 'After an outcome every further observation gives a Left.',
  source,
  check: evidence => {
    const { ending, answered } = evidence.live()
    if (ending._tag !== 'Halted') return silent
    return each(answered.slice(-3), ({ observation }) =>
      each([observation.id, observation.id + 1000], id =>
        refused(evidence)({
          at: answered.length,
          what: `an answer with the id ${id}, although it had halted`,
          observation: { ...observation, id },
        }),
      ),
    )
  },
}
