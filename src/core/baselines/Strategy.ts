/**
 * A strategy: which λ a trial method trains at next, and which one it returns. {@link trialMethod} does everything
 * else.
 */
import type * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { affordable, type Room } from '../protocol/Budget.js'
import { initialWeights, type WeightsRef } from '../protocol/Command.js'
import type { MethodError } from '../protocol/MethodError.js'
import type { TrialConfig } from './TrialConfig.js'
import type { Trained, Trial } from './Trial.js'

type Vec = ReadonlyArray<number>

/** The information for choosing the next trials. */
export interface Known<C, P> {
  readonly config: C
  readonly plan: P
  /** In the order in which they were asked. */
  readonly trials: ReadonlyArray<Trial>
}

/** Why the search ends. */
export interface Stop {
  readonly stopReason: string
  readonly message: string
}

/** The next trials, independent of one another, or the end of the search. */
export type Proposal<P> =
  | {
      readonly _tag: 'Try'
      readonly plan: P
      readonly trials: ReadonlyArray<{ readonly lambda: Vec; readonly from: WeightsRef }>
      /** Epochs that each of these trainings may take. */
      readonly maxEpochs: number
      /** Epochs in total, including those of the trainings that they continue. */
      readonly epochs: number
      readonly message: string | null
    }
  | ({ readonly _tag: 'Stop' } & Stop)

/** A way to choose λ from earlier trials. P is its memory beyond the trials: plain JSON. */
export interface Strategy<C extends TrialConfig, P> {
  readonly name: string
  readonly config: t.Type<C, unknown>
  readonly plan: t.Type<P, unknown>
  /** Checks the configuration and starts. Errors: `InvalidConfig`. */
  readonly start: (config: C) => E.Either<MethodError, P>
  /** The next trials. All of them must fit in `room`. */
  readonly propose: (known: Known<C, P>, room: Room) => Proposal<P>
  /** The trial whose λ is returned. Its weights must still be kept. `null` if no trial was trained. */
  readonly choose: (known: Known<C, P>) => Trained | null
  /** The weights of trials that may still be needed, at least to be returned. */
  readonly keep: (known: Known<C, P>) => ReadonlyArray<WeightsRef>
}

/** Ends a search whose budget is spent. */
export const budgetSpent = (trials: number): Proposal<never> => ({
  _tag: 'Stop',
  stopReason: 'budgetSpent',
  message: `The budget is spent: ${trials} trials.`,
})

/** The most trials in one batch. The shell keeps the weights of all until the last is answered. */
const together = 32

/** How many complete trainings the budget covers now. */
export const completeTrainings = (
  { solve }: Pick<TrialConfig, 'solve'>,
  room: Room,
  most: number = together,
): number => Math.min(most, affordable(room, solve.coldEpochs))

/** Proposes complete trainings at these λ. */
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
