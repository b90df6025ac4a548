/**
 * Drives a method through a whole run in a simulated world, however the run ends.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isQuestion, type Question } from '../../protocol/Command.js'
import type { Method, Transition } from '../../protocol/Method.js'
import type { MethodError } from '../../protocol/MethodError.js'
import type { Observation } from '../../protocol/Observation.js'
import type { World } from './World.js'

/** How a run ended. */
export type Ending =
  | { readonly _tag: 'Halted' }
  /** The method refused the configuration, or an answer to one of its own questions. */
  | { readonly _tag: 'Refused'; readonly error: MethodError }
  /** It neither halted nor asked a question. */
  | { readonly _tag: 'Silent' }
  /** It still asked questions after the maximum number of steps. */
  | { readonly _tag: 'Endless' }
  | { readonly _tag: 'Threw'; readonly message: string }

/** A question and the world's answer. */
export interface Answered {
  readonly question: Question
  readonly observation: Observation
}

/** A run. `transitions[0]` is that of `init`; `transitions[i + 1]` is that of `answered[i]`. */
export interface Run<S> {
  readonly transitions: ReadonlyArray<Transition<S>>
  readonly answered: ReadonlyArray<Answered>
  readonly world: World
  readonly ending: Ending
}

/** Options for {@link drive}. */
export interface DriveOptions<S> {
  /** Index of the open question to answer next. Default: the first. */
  readonly pick?: (open: ReadonlyArray<Question>, step: number) => number
  readonly maxSteps?: number
  /** Transform the state and the observation before `step` gets them. */
  readonly state?: (state: S) => S
  readonly observation?: (observation: Observation) => Observation
}

const described = (cause: unknown): string =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)

/** Makes a call whose exception becomes a value, in case the method throws against the rules. */
const guarded = <A>(call: () => E.Either<MethodError, A>): E.Either<Ending, A> => {
  try {
    return E.mapLeft((error: MethodError): Ending => ({ _tag: 'Refused', error }))(call())
  } catch (cause) {
    return E.left({ _tag: 'Threw', message: described(cause) })
  }
}

/**
 * Drives a method until it halts or cannot continue. Never throws.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, randomSearch, type RandomSearchState } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { space, world }: Simulate.Simulated = Simulate.ridge({ a: [3], b: [2] })
 * const config = decode(randomSearch.config)({ space, budget: { lowerLevelSolves: 2 } })
 * // Answer the last open question first: the order must not matter.
 * const options: Simulate.DriveOptions<RandomSearchState> = { pick: open => open.length - 1 }
 * const run = E.isRight(config) ? Simulate.drive(randomSearch, options)(config.right, world) : null
 * const ending: Simulate.Ending | undefined = run?.ending
 * const first: Simulate.Answered | undefined = run?.answered[0]
 * const summary = [ending?._tag, first?.question.id] // => ['Halted', 1]
 * ```
 */
export const drive =
  <C, S>(method: Method<C, S>, options: DriveOptions<S> = {}) =>
  (config: C, start: World): Run<S> => {
    const { pick = () => 0, maxSteps = 1000 } = options
    const state = options.state ?? ((given: S): S => given)
    const seen = options.observation ?? ((given: Observation): Observation => given)
    const transitions: Array<Transition<S>> = []
    const answered: Array<Answered> = []
    let world = start
    const ended = (ending: Ending): Run<S> => ({ transitions, answered, world, ending })
    let open: ReadonlyArray<Question> = []
    let next = guarded(() => method.init(config))
    for (;;) {
      if (E.isLeft(next)) return ended(next.left)
      const last = next.right
      transitions.push(last)
      for (const command of last.commands) if (!isQuestion(command)) world = world.release(command.weights)
      open = [...open, ...last.commands.filter(isQuestion)]
      if (last.info.outcome !== null) return ended({ _tag: 'Halted' })
      if (answered.length >= maxSteps) return ended({ _tag: 'Endless' })
      const question = open[pick(open, answered.length) % Math.max(1, open.length)]
      if (question === undefined) return ended({ _tag: 'Silent' })
      open = open.filter(other => other !== question)
      const [observation, after] = world.answer(question)
      world = after
      answered.push({ question, observation })
      next = guarded(() => method.step(seen(observation))(state(last.state)))
    }
  }
