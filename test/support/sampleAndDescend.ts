/**
 * A small method for tests of drivers, logs and replay. It solves at random λ, descends from the best, and refits
 * there. It asks several questions at once, uses random numbers, releases weights, and tolerates failures.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as Batch from '../../src/core/protocol/Batch.js'
import { Count, Finite, Natural, nullable, Vector } from '../../src/core/codec/Codec.js'
import { initialWeights, type Command, type Question } from '../../src/core/protocol/Command.js'
import { options } from '../../src/core/codec/options.js'
import { blank, type Info, type Outcome } from '../../src/core/protocol/Info.js'
import type { Method, Transition } from '../../src/core/protocol/Method.js'
import { halted, type MethodError } from '../../src/core/protocol/MethodError.js'
import * as SearchSpace from '../../src/core/protocol/SearchSpace.js'
import { SetMetrics, type Observation } from '../../src/core/protocol/Observation.js'
import * as Rng from '../../src/core/numeric/Rng.js'

export const SampleAndDescendConfig = options(
  t.readonly(
    t.strict({ space: SearchSpace.SearchSpace, seed: Natural, solves: Count, rounds: Count, steps: Count }),
  ),
  { defaults: { solves: 4, rounds: 3, steps: 10 } },
)
export type SampleAndDescendConfig = t.TypeOf<typeof SampleAndDescendConfig>

const Best = t.readonly(t.strict({ lambda: Vector, upper: Finite, weights: t.string }))

const State = t.readonly(
  t.strict({
    config: SampleAndDescendConfig,
    phase: t.keyof({ sampling: null, descending: null, evaluating: null, refitting: null, halted: null }),
    rng: Rng.Rng,
    round: Natural,
    nextId: Natural,
    batch: Batch.Batch,
    best: nullable(Best),
    trained: nullable(SetMetrics),
    solves: Natural,
    effort: Finite,
  }),
)
export type SampleAndDescendState = t.TypeOf<typeof State>

type Next = Transition<SampleAndDescendState>

const leading = (state: SampleAndDescendState, message: string | null, outcome: Outcome | null): Info => ({
  ...blank,
  phase: state.phase,
  outerIteration: state.round,
  innerIteration: state.batch.answers.length,
  progress: Math.min(1, state.round / (state.config.rounds + 2)),
  lambda: state.best?.lambda ?? null,
  upperLoss: state.best?.upper ?? null,
  lowerLevelSolves: state.solves,
  effort: state.effort,
  message,
  outcome,
})

const asking = (
  state: SampleAndDescendState,
  phase: SampleAndDescendState['phase'],
  questions: ReadonlyArray<Question>,
  releases: ReadonlyArray<Command> = [],
): Next => {
  const next = { ...state, phase, batch: Batch.ask(questions), nextId: state.nextId + questions.length }
  return { state: next, commands: [...releases, ...questions], info: leading(next, null, null) }
}

const sample = (state: SampleAndDescendState): Next => {
  const { space, solves } = state.config
  const d = SearchSpace.dimension(space)
  const [units, rng] = Rng.uniforms(solves * d)(state.rng)
  const questions = Array.from({ length: solves }, (_, i): Question => ({
    _tag: 'SolveLowerLevel',
    id: state.nextId + i,
    lambda: SearchSpace.fromUnit(space)(units.slice(i * d, (i + 1) * d)),
    from: initialWeights,
    tolerance: 1e-6,
    maxEpochs: 50,
  }))
  return asking({ ...state, rng, round: state.round + 1 }, 'sampling', questions)
}

const halt = (state: SampleAndDescendState, stopReason: string, refit: SetMetrics | null): Next => {
  const next = { ...state, phase: 'halted' as const, batch: Batch.ask([]) }
  const outcome: Outcome = {
    stopReason,
    message: `Random search ended: ${stopReason}.`,
    rows:
      next.best === null
        ? []
        : [
            {
              name: 'best sample',
              lambda: next.best.lambda,
              trained: next.trained,
              refit,
              bilevelWeights: null,
              bilevelLambda: null,
              weights: { trained: null, refit: null, bilevel: null },
              lowerLevelSolves: next.solves,
              effort: next.effort,
              violation: null,
              epsilon: null,
            },
          ],
  }
  return { state: next, commands: [], info: leading(next, null, outcome) }
}

const complete = (state: SampleAndDescendState): Next => {
  const { batch, best, config } = state
  const answers = Batch.inOrder(batch)
  const first = answers[0]
  switch (state.phase) {
    case 'sampling': {
      const solved = answers.flatMap((answer, i) =>
        answer._tag === 'LowerLevelSolved'
          ? [{ lambda: batch.questions[i]!.lambda, upper: answer.upper, weights: answer.weights }]
          : [],
      )
      const leader =
        [...(best === null ? [] : [best]), ...solved].sort((a, b) => a.upper - b.upper)[0] ?? null
      const others = [...(best === null ? [] : [best]), ...solved].filter(one => one !== leader)
      const releases: ReadonlyArray<Command> = [
        { _tag: 'ReleaseWeights', weights: others.map(one => one.weights) },
      ]
      const after = { ...state, best: leader, solves: state.solves + solved.length }
      if (leader === null) return halt(after, 'every solve failed', null)
      return asking(
        after,
        'descending',
        [
          {
            _tag: 'DescendWeights',
            id: after.nextId,
            lambda: leader.lambda,
            from: leader.weights,
            upperCoefficient: 1 / 3,
            lowerCoefficient: 1,
            steps: config.steps,
            batchSize: null,
            stepScale: 1,
            stream: after.round,
          },
        ],
        releases,
      )
    }
    case 'descending':
      if (state.round < config.rounds) return sample(state)
      return asking(state, 'evaluating', [
        { _tag: 'EvaluateLosses', id: state.nextId, lambda: best!.lambda, weights: best!.weights },
      ])
    case 'evaluating':
      return asking(
        { ...state, trained: first?._tag === 'LossesEvaluated' ? first.metrics : null },
        'refitting',
        [{ _tag: 'Refit', id: state.nextId, lambda: best!.lambda, tolerance: 1e-6, maxEpochs: 50 }],
      )
    case 'refitting':
      return halt(state, 'budget spent', first?._tag === 'Refitted' ? first.metrics : null)
    case 'halted':
      return halt(state, 'halted', null)
  }
}

const step =
  (observation: Observation) =>
  (state: SampleAndDescendState): E.Either<MethodError, Next> =>
    state.phase === 'halted'
      ? E.left(halted)
      : pipe(
          Batch.receive(observation)(state.batch),
          E.map(batch => {
            const effort = state.effort + ('effort' in observation ? observation.effort : 0)
            const after = { ...state, batch, effort }
            const message = observation._tag === 'CommandFailed' ? observation.reason : null
            return Batch.isComplete(batch)
              ? complete(after)
              : { state: after, commands: [], info: leading(after, message, null) }
          }),
        )

/** The method of this file. */
export const sampleAndDescend: Method<SampleAndDescendConfig, SampleAndDescendState> = {
  name: 'random-search-for-tests',
  config: SampleAndDescendConfig,
  state: State,
  init: config =>
    pipe(
      SearchSpace.make(config.space),
      E.map(() =>
        sample({
          config,
          phase: 'sampling',
          rng: Rng.make(config.seed, 0x7e57),
          round: 0,
          nextId: 0,
          batch: Batch.ask([]),
          best: null,
          trained: null,
          solves: 0,
          effort: 0,
        }),
      ),
    ),
  step,
}
