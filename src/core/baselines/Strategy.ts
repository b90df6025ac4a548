/**
 * What tells one method that tries λ from another: which λ it trains at next, and which it returns. All else is the
 * business of {@link trialMethod}.
 */
import type * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { affordable, type Room } from '../protocol/Budget.js'
import { initialWeights, type WeightsRef } from '../protocol/Command.js'
import type { MethodError } from '../protocol/MethodError.js'
import type { TrialConfig } from './TrialConfig.js'
import type { Trained, Trial } from './Trial.js'

type Vec = ReadonlyArray<number>

/** What is known when the next trials are chosen. */
export interface Known<C, P> {
  readonly config: C
  readonly plan: P
  /** In the order they were asked in. */
  readonly trials: ReadonlyArray<Trial>
}

/** Why the search ends. */
export interface Stop {
  readonly stopReason: string
  readonly message: string
}

/** The next trials, which are independent of one another, or the end of the search. */
export type Proposal<P> =
  | {
      readonly _tag: 'Try'
      readonly plan: P
      readonly trials: ReadonlyArray<{ readonly lambda: Vec; readonly from: WeightsRef }>
      /** Epochs that each of these trainings may take … */
      readonly maxEpochs: number
      /** … and with those that it goes on from. */
      readonly epochs: number
      readonly message: string | null
    }
  | ({ readonly _tag: 'Stop' } & Stop)

/** A way to choose λ from what was tried before. P is its memory beyond the trials: plain JSON. */
export interface Strategy<C extends TrialConfig, P> {
  readonly name: string
  readonly config: t.Type<C, unknown>
  readonly plan: t.Type<P, unknown>
  /** Checks the configuration and starts. Errors: `InvalidConfig`. */
  readonly start: (config: C) => E.Either<MethodError, P>
  /** What to try next; all of it has to fit in `room`. */
  readonly propose: (known: Known<C, P>, room: Room) => Proposal<P>
  /** The trial whose λ is returned. It must be one whose weights were kept; `null` where none was trained. */
  readonly choose: (known: Known<C, P>) => Trained | null
  /** The weights, among those of trials, that may be needed once more, if only to be returned. */
  readonly keep: (known: Known<C, P>) => ReadonlyArray<WeightsRef>
}

/** The end of a search that may not spend any more. */
export const budgetSpent = (trials: number): Proposal<never> => ({
  _tag: 'Stop',
  stopReason: 'budgetSpent',
  message: `The budget is spent: ${trials} trials.`,
})

/** Trials that are asked together at most: the shell keeps the weights of all until the last is answered. */
const together = 32

/** How many complete trainings can be asked now. */
export const completeTrainings = (
  { solve }: Pick<TrialConfig, 'solve'>,
  room: Room,
  most: number = together,
): number => Math.min(most, affordable(room, solve.coldEpochs))

/** Complete trainings at these λ. */
export const tryCompletely = <P>(
  { solve }: Pick<TrialConfig, 'solve'>,
  plan: P,
  lambdas: ReadonlyArray<Vec>,
  message: string | null = null,
): Proposal<P> => ({
  _tag: 'Try',
  plan,
  trials: lambdas.map(lambda => ({ lambda, from: initialWeights })),
  maxEpochs: solve.coldEpochs,
  epochs: solve.coldEpochs,
  message,
})
