/**
 * One budget for all methods, in effort. N lower-level solves' effort is N times the epochs that one complete training may
 * take: so a method that does nothing but complete trainings is sure to afford N, and more where they converge early.
 */
import * as t from 'io-ts'
import { Positive } from '../../core/codec/Codec.js'
import type { SolverConfig } from '../train/SolverConfig.js'
import type { Budget, Contender } from './result/Plan.js'

const Solving = t.type({ solve: t.type({ coldEpochs: Positive }) })

/**
 * The epochs that a complete training may take: the most that any of these configurations of methods allows it, which is
 * also what finishing retrains and refits with; without a word of it, the solver's stochastic part.
 */
export const epochsPerSolve = (configs: ReadonlyArray<unknown>, solver: SolverConfig): number => {
  const stated = configs.flatMap(config => (Solving.is(config) ? [config.solve.coldEpochs] : []))
  return stated.length === 0 ? solver.epochs : Math.max(...stated)
}

/** The budget of so many solves. */
export const budgetOf = (solves: number, epochs: number): Budget => ({
  solves,
  epochsPerSolve: epochs,
  epochs: solves * epochs,
})

/** What a method is told of the budget, over what its options say. */
export type Allot = (contender: Contender, budget: Budget) => Contender

/** The bilevel method's counts of solves and iterations are how it stops by itself, and stay; a rival's are its budget. */
const stopsByItself = (method: string): boolean => method === 'bilevel'

/**
 * The fields that all methods of this package have (protocol/Budget.ts). For a rival effort alone is short: it may train as
 * often as the epochs allow, be it partially. Options that say how many solves keep their word.
 */
export const allot: Allot = (contender, { epochs }) => {
  const budget = contender.options['budget']
  return {
    ...contender,
    options: {
      ...contender.options,
      budget: {
        ...(stopsByItself(contender.method) ? {} : { lowerLevelSolves: Math.max(1, Math.ceil(epochs)) }),
        ...(t.UnknownRecord.is(budget) ? budget : {}),
        effortEpochs: epochs,
      },
    },
  }
}
