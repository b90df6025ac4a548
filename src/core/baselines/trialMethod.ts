/** Makes a method from a strategy. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Method } from '../protocol/Method.js'
import { recordable } from '../protocol/recordable.js'
import type { TrialConfig } from './TrialConfig.js'
import type { Strategy } from './Strategy.js'
import { search, step } from './trialSteps.js'
import { computedCodec, stateCodec, type TrialState } from './TrialState.js'

export type { TrialState }

/** The method of a strategy. */
export const trialMethod = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
): Method<C, TrialState<C, P>> => {
  const checked = recordable(computedCodec(strategy))
  const next = step(strategy)
  return {
    name: strategy.name,
    config: strategy.config,
    state: stateCodec(strategy),
    init: config =>
      pipe(
        strategy.start(config),
        E.map(plan =>
          search(strategy, {
            config,
            phase: { _tag: 'Searching', epochs: config.solve.coldEpochs },
            batch: { questions: [], answers: [] },
            nextId: 0,
            held: [],
            lowerLevelSolves: 0,
            effort: 0,
            rounds: 0,
            trials: [],
            plan,
          }),
        ),
        E.flatMap(checked),
      ),
    step: observation => state => pipe(state, next(observation), E.flatMap(checked)),
  }
}
