/** Faults of whole methods: the bilevel method in a wrapper that adds one fault. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import {
  bilevel,
  type BilevelConfig,
  Command,
  type Info,
  type Method,
  Observation,
  type Transition,
} from '../../../src/core/index.js'
import { fromCodec, Laws, type Report } from '../../../src/core/laws/index.js'
import { examineMethod } from '../subjects.js'
import type { Mutant } from './Mutant.js'

type Bilevel = typeof bilevel
type State = Bilevel extends Method<BilevelConfig, infer S> ? S : never

const mutant = (name: string, law: string, fault: string, make: () => Bilevel): Mutant => ({
  name,
  law,
  fault,
  // Made again for each examination, because some mutants keep state.
  examine: options => examineMethod(make())(options),
})

/** Changes every transition of the method. */
const transitions = (change: (transition: Transition<State>) => Transition<State>): Bilevel => ({
  ...bilevel,
  init: config => pipe(bilevel.init(config), E.map(change)),
  step: observation => state => pipe(bilevel.step(observation)(state), E.map(change)),
})

const infos = (change: (info: Info) => Partial<Info>): Bilevel =>
  transitions(transition => ({ ...transition, info: { ...transition.info, ...change(transition.info) } }))

/** Changes every observation before the method gets it. */
const observations = (
  change: (observation: Observation.Observation, state: State) => Observation.Observation,
): Bilevel => ({
  ...bilevel,
  step: observation => state => bilevel.step(change(observation, state))(state),
})

/** Ignores errors of one kind. */
const forgiving = (tag: string): Bilevel => ({
  ...bilevel,
  step: observation => state =>
    pipe(
      bilevel.step(observation)(state),
      E.orElse(error =>
        error._tag === tag
          ? E.map((again: Transition<State>) => ({ ...again, state, commands: [] }))(
              bilevel.init(state.config),
            )
          : E.left(error),
      ),
    ),
})

const questions = (commands: ReadonlyArray<Command.Command>): ReadonlyArray<Command.Question> =>
  commands.filter(Command.isQuestion)

const finite = (value: number): number => (Number.isFinite(value) ? value : 0)

const padded = (gradient: ReadonlyArray<number>, { config }: State): ReadonlyArray<number> =>
  config.space.map((_, k) => gradient[k] ?? 0)

export const methodMutants: ReadonlyArray<Mutant> = [
  mutant(
    'mutated observation',
    'input untouched',
    'A step writes the effort into its observation argument.',
    () => observations(observation => Object.assign(observation, { effort: 0 })),
  ),
  mutant('mutated state', 'input untouched', 'A step counts in its state argument.', () => ({
    ...bilevel,
    step: observation => state => {
      Reflect.set(state, 'nextId', state.nextId + 1)
      return bilevel.step(observation)(state)
    },
  })),
  mutant('clock in a step', 'deterministic', 'The info states the time of the step.', () =>
    infos(() => ({ message: `at ${performance.now()}` })),
  ),
  mutant('randomness not from the seed', 'deterministic', 'λ is disturbed by Math.random.', () =>
    transitions(transition => ({
      ...transition,
      commands: transition.commands.map(command =>
        Command.isQuestion(command)
          ? { ...command, lambda: command.lambda.map(value => value * (1 - 1e-9 * Math.random())) }
          : command,
      ),
    })),
  ),
  mutant(
    'state outside the state',
    'deterministic',
    'Steps are counted in a closure, so the count continues from run to run.',
    () => {
      let steps = 0
      return infos(() => ({ innerIteration: steps++ }))
    },
  ),
  mutant(
    'states known by identity',
    'survives JSON',
    'A state from outside this process is treated differently.',
    () => {
      const made = new WeakSet<State>()
      const noted = (transition: Transition<State>): Transition<State> => {
        made.add(transition.state)
        return transition
      }
      return {
        ...bilevel,
        init: config => pipe(bilevel.init(config), E.map(noted)),
        step: observation => state =>
          pipe(
            bilevel.step(observation)(state),
            E.map(transition =>
              noted(
                made.has(state)
                  ? transition
                  : { ...transition, info: { ...transition.info, message: 'resumed' } },
              ),
            ),
          ),
      }
    },
  ),
  mutant(
    'NaN in the state',
    'survives JSON',
    'The effort of the state is 0/0 before anything is spent.',
    () =>
      transitions(transition => ({
        ...transition,
        state: { ...transition.state, effort: transition.state.effort === 0 ? NaN : transition.state.effort },
      })),
  ),
  mutant(
    'number of the run',
    'replay is live',
    'The first info states the number of the run in this process.',
    () => {
      let runs = 0
      return {
        ...bilevel,
        init: config => {
          const message = `run ${++runs}`
          return pipe(
            bilevel.init(config),
            E.map(transition => ({ ...transition, info: { ...transition.info, message } })),
          )
        },
      }
    },
  ),
  mutant(
    'answers in the order of arrival',
    'any order of answers',
    'An answer is assigned to the first open question of its kind.',
    () =>
      observations((observation, { batch }) => {
        const open = batch.questions.filter(({ id }) => !batch.answers.some(answer => answer.id === id))
        const first = open.find(({ _tag }) => Observation.answerTag[_tag] === observation._tag)
        return open.some(({ id }) => id === observation.id) && first !== undefined
          ? { ...observation, id: first.id }
          : observation
      }),
  ),
  mutant(
    'effort in the order of arrival',
    'any order of answers',
    'The effort of an answer is added on arrival, so the last digit of the sum depends on the order.',
    () => ({
      ...bilevel,
      step: observation => state => {
        const effort = state.effort + ('effort' in observation ? observation.effort : 0)
        return pipe(
          bilevel.step('effort' in observation ? { ...observation, effort: 0 } : observation)(state),
          E.map(({ state: after, commands, info }) => ({
            state: { ...after, effort },
            commands,
            info: { ...info, effort },
          })),
        )
      },
    }),
  ),
  mutant(
    'λ not clamped',
    'lambda in the space',
    'λ is shifted by a thousandth of its range, beyond the bounds as well.',
    () =>
      transitions(transition => ({
        ...transition,
        commands: transition.commands.map(command =>
          Command.isQuestion(command)
            ? {
                ...command,
                lambda: command.lambda.map((value, k) => {
                  const { lower, upper } = transition.state.config.space[k]!
                  return value + (upper - lower) / 1000
                }),
              }
            : command,
        ),
      })),
  ),
  mutant(
    'budget off by one',
    'within the budget',
    'One lower-level solve more than the configuration allows.',
    () => ({
      ...bilevel,
      init: config =>
        bilevel.init({
          ...config,
          budget: { ...config.budget, lowerLevelSolves: config.budget.lowerLevelSolves + 1 },
        }),
    }),
  ),
  mutant(
    'failures for free',
    'effort accounted for',
    'The effort of commands that failed is not counted.',
    () =>
      observations(observation =>
        observation._tag === 'CommandFailed' ? { ...observation, effort: 0 } : observation,
      ),
  ),
  mutant(
    'NaN in the info',
    'info is finite',
    'Progress is a quotient whose denominator is zero at first.',
    () => infos(({ progress, effort }) => ({ progress: (progress * effort) / effort })),
  ),
  mutant('progress beyond the end', 'info is finite', 'Progress is counted twice.', () =>
    infos(({ progress }) => ({ progress: 2 * progress })),
  ),
  mutant('ids used twice', 'well-formed commands', 'The id of the next question is not advanced.', () =>
    transitions(transition => ({ ...transition, state: { ...transition.state, nextId: 1 } })),
  ),
  mutant(
    'weights released too early',
    'weights exist',
    'All weights but the initial ones are released with every question.',
    () =>
      transitions(transition => ({
        ...transition,
        commands: [
          ...(transition.state.held.length > 0
            ? [{ _tag: 'ReleaseWeights' as const, weights: transition.state.held }]
            : []),
          ...questions(transition.commands),
        ],
      })),
  ),
  mutant('no outcome', 'halts', 'The last transition has no outcome.', () =>
    infos(() => ({ outcome: null })),
  ),
  mutant('stops at the first failure', 'halts', 'A failed command counts as a fault of the caller.', () => ({
    ...bilevel,
    step: observation => state =>
      observation._tag === 'CommandFailed'
        ? E.left({ _tag: 'InvalidObservation', id: observation.id, message: 'It failed.' })
        : bilevel.step(observation)(state),
  })),
  mutant('throws', 'never throws', 'A failed command throws.', () => ({
    ...bilevel,
    step: observation => {
      if (observation._tag === 'CommandFailed') throw new Error(observation.reason)
      return bilevel.step(observation)
    },
  })),
  mutant(
    'refuses what it takes',
    'starts',
    'A design of one point is refused, although the codec accepts it.',
    () => ({
      ...bilevel,
      init: config =>
        config.design.size === 1
          ? E.left({ _tag: 'InvalidConfig', field: 'design.size', message: 'One point is not enough.' })
          : bilevel.init(config),
    }),
  ),
  mutant(
    'unknown id accepted',
    'unknown id refused',
    'An answer to a command that was never issued is ignored.',
    () => forgiving('UnknownCommand'),
  ),
  mutant('repeated id accepted', 'repeated id refused', 'A repeated answer is ignored.', () =>
    forgiving('UnknownCommand'),
  ),
  mutant('wrong kind accepted', 'wrong kind refused', 'An answer of the wrong kind is ignored.', () =>
    forgiving('UnexpectedObservation'),
  ),
  mutant('NaN passed on', 'non-finite refused', 'A loss that is not finite counts as zero.', () =>
    observations(observation =>
      observation._tag === 'LowerLevelSolved' || observation._tag === 'WeightsDescended'
        ? { ...observation, upper: finite(observation.upper), lower: finite(observation.lower) }
        : observation,
    ),
  ),
  mutant(
    'gradients padded',
    'wrong length refused',
    'Missing components of a gradient count as zeros; extra ones are ignored.',
    () =>
      observations((observation, state) =>
        observation._tag === 'LowerLevelSolved' || observation._tag === 'WeightsDescended'
          ? {
              ...observation,
              upperGradient: padded(observation.upperGradient, state),
              lowerGradient: padded(observation.lowerGradient, state),
            }
          : observation,
      ),
  ),
  mutant(
    'reads before it checks',
    'malformed refused',
    'The lengths of the gradients are read before the answer is decoded.',
    () =>
      observations(observation =>
        observation._tag === 'LowerLevelSolved' && observation.lowerGradient.length === 0
          ? { ...observation, upper: NaN }
          : observation,
      ),
  ),
  mutant(
    'ignores the check',
    'malformed refused',
    'An answer that its codec refuses is taken for a failed command.',
    () => ({
      ...bilevel,
      step: observation => state =>
        pipe(
          bilevel.step(observation)(state),
          E.orElse(error =>
            error._tag === 'InvalidObservation' && error.id !== null
              ? bilevel.step({ _tag: 'CommandFailed', id: error.id, reason: error.message, effort: 0 })(state)
              : E.left(error),
          ),
        ),
    }),
  ),
  mutant(
    'keeps what it was given',
    'decoded answers used',
    'The answer is decoded to check it, and then kept as it was passed.',
    () => ({
      ...bilevel,
      step: observation => state =>
        pipe(
          bilevel.step(observation)(state),
          E.map(transition => ({
            ...transition,
            state: {
              ...transition.state,
              batch: {
                ...transition.state.batch,
                answers: transition.state.batch.answers.map(answer =>
                  answer.id === observation.id ? observation : answer,
                ),
              },
            },
          })),
        ),
    }),
  ),
  mutant(
    'foreign weights accepted',
    'foreign weights refused',
    'The weights of an answer are renamed after its command.',
    () =>
      observations(observation =>
        'weights' in observation
          ? { ...observation, weights: Command.weightsOf(observation.id) }
          : observation,
      ),
  ),
  mutant('goes on after the end', 'halted for good', 'Observations after the outcome are ignored.', () =>
    forgiving('Halted'),
  ),
]

const ofConfigurations = (name: string, law: string, fault: string, subject: Bilevel): Mutant => ({
  name,
  law,
  fault,
  examine: options =>
    pipe(
      fromCodec(bilevel.config),
      // Works even if the mutant's own codec has no structure to walk.
      E.flatMap(intact =>
        Laws.configurations(subject, { names: { [bilevel.config.name]: intact } })(options),
      ),
      E.getOrElse((reason): Report => ({ subject: reason, runs: 0, seed: 0, findings: [] })),
    ),
})

export const configurationMutants: ReadonlyArray<Mutant> = [
  ofConfigurations('throws at odd configurations', 'init is total', 'Swapped bounds throw.', {
    ...bilevel,
    init: config => {
      if (config.space.some(({ lower, upper }) => lower >= upper)) throw new RangeError('lower ≥ upper')
      return bilevel.init(config)
    },
  }),
  ofConfigurations(
    'refusal without a sentence',
    'init is total',
    'The refusal of a configuration is a code, not a sentence.',
    {
      ...bilevel,
      init: config =>
        pipe(
          bilevel.init(config),
          E.mapLeft(error => ({ ...error, message: error._tag })),
        ),
    },
  ),
  ofConfigurations(
    'defaults that come and go',
    'configuration survives JSON',
    'The codec adds one to the seed that it reads.',
    {
      ...bilevel,
      config: new t.Type(
        bilevel.config.name,
        bilevel.config.is,
        (u, context) =>
          pipe(
            bilevel.config.validate(u, context),
            E.map(config => ({ ...config, seed: config.seed + 1 })),
          ),
        bilevel.config.encode,
      ),
    },
  ),
]
