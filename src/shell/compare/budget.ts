/**
 * One budget of effort for all methods. N lower-level solves are N times the epochs that one complete training may take.
 * So a method that only does complete trainings can afford at least N, and more if they converge early.
 */
import * as t from 'io-ts'
import { Positive } from '../../core/codec/Codec.js'
import type { SolverConfig } from '../train/SolverConfig.js'
import type { Budget, Contender } from './result/Plan.js'

const Solving = t.type({ solve: t.type({ coldEpochs: Positive }) })

/**
 * The epochs that a complete training may take: the largest `coldEpochs` of these methods' configurations, with which
 * finishing also retrains and refits. If none states it, the epochs of the solver's stochastic part.
 */
export const epochsPerSolve = (configs: ReadonlyArray<unknown>, solver: SolverConfig): number => {
  const stated = configs.flatMap(config => (Solving.is(config) ? [config.solve.coldEpochs] : []))
  return stated.length === 0 ? solver.epochs : Math.max(...stated)
}

/** The budget of `solves` lower-level solves. */
export const budgetOf = (solves: number, epochs: number): Budget => ({
  solves,
  epochsPerSolve: epochs,
  epochs: solves * epochs,
})

/** Writes the budget into a contender's options. */
export type Allot = (contender: Contender, budget: Budget) => Contender

/** These methods keep their own limits of solves and iterations, by which they stop; a rival's limit is the budget. */
const stopsByItself = (method: string): boolean => method === 'bilevel' || method === 'tracking'

/**
 * Sets the budget fields that all methods of this package share (protocol/Budget.ts). A rival is limited by effort only:
 * it may train as often as the epochs allow, also partially. An option that limits the solves still applies.
 *
 * @example
 * ```ts
 * import { type Allot, allot, type Contender } from 'bilevel-hpo/shell'
 *
 * const random: Contender = { label: 'random', method: 'random', options: {} }
 * // 30 solves of 100 epochs: a rival may train as often as the epochs allow.
 * const given = allot(random, { solves: 30, epochsPerSolve: 100, epochs: 3000 })
 * given.options // => { budget: { lowerLevelSolves: 3000, effortEpochs: 3000 } }
 * // A program with its own methods may give other budgets.
 * const none: Allot = contender => contender
 * none(random, { solves: 1, epochsPerSolve: 1, epochs: 1 }) // => random
 * ```
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
