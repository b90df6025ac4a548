/** The laws of a method, put to the test on arbitrary problems. */
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { decode } from '../../codec/Codec.js'
import type { Method } from '../../protocol/Method.js'
import { examine, type Options } from '../examine.js'
import type { Report } from '../Report.js'
import { friendly, hostile, type Hostility } from '../simulate/Hostility.js'
import { hostilities, problems } from '../simulate/problems.js'
import type { Simulated } from '../simulate/World.js'
import { evidenceOf, type MethodEvidence } from './evidence.js'
import * as Refusals from './refusals.js'
import * as Runs from './runs.js'
import * as Transitions from './transitions.js'

/** Every law of a method. */
export const methodLaws = [
  Runs.starts,
  Runs.total,
  Runs.halts,
  Runs.deterministic,
  Runs.inputUntouched,
  Runs.survivesJson,
  Runs.replayIsLive,
  Runs.anyOrder,
  Transitions.lambdaInSpace,
  Transitions.withinBudget,
  Transitions.effortAccounted,
  Transitions.infoFinite,
  Transitions.wellFormedCommands,
  Transitions.weightsExist,
  Refusals.unknownId,
  Refusals.repeatedId,
  Refusals.wrongKind,
  Refusals.nonFinite,
  Refusals.wrongLength,
  Refusals.haltedIsHalted,
] as const

/** What a method is examined on. */
export interface MethodArbitraries<C> {
  /** Configurations as a user writes them, without `space`, which is the problem's. Keep budgets small. */
  readonly options: fc.Arbitrary<Readonly<Record<string, unknown>>>
  /** The most `SolveLowerLevel` commands that a configuration allows; left out, the budget's law says nothing. */
  readonly solves?: (config: C) => number
  /** Default: ridge problems and random quadratics of up to two hyperparameters. */
  readonly problems?: fc.Arbitrary<Simulated>
  /** Default: friendly worlds, and such that fail commands or answer with noise. */
  readonly hostilities?: fc.Arbitrary<Hostility>
  /** More answers than any run of these configurations needs. Default 1000. */
  readonly maxSteps?: number
}

interface Case {
  readonly options: Readonly<Record<string, unknown>>
  readonly problem: Simulated
  readonly hostility: Hostility
  readonly order: ReadonlyArray<number>
}

/** A configuration that does not decode is a mistake of whoever wrote the arbitraries, and said by every law. */
const configOf =
  <C, S>(method: Method<C, S>) =>
  ({ options, problem }: Pick<Case, 'options' | 'problem'>): E.Either<string, C> =>
    decode(method.config)({ ...options, space: problem.space })

const order = fc.array(fc.nat(20), { maxLength: 8 })

/**
 * Examines any method: a small run of it on each of many simulated problems, and the same run again, replayed, on
 * frozen input, through JSON, and with its questions answered in another order.
 */
export const method =
  <C, S>(subject: Method<C, S>, arbitraries: MethodArbitraries<C>) =>
  (options: Options = {}): Report => {
    const evidence = evidenceOf(subject)
    return examine<Case, E.Either<string, MethodEvidence>>(
      {
        subject: `method "${subject.name}"`,
        cases: fc.record({
          options: arbitraries.options,
          problem: arbitraries.problems ?? problems(),
          hostility: arbitraries.hostilities ?? hostilities,
          order,
        }),
        evidence: one =>
          E.map((config: C) =>
            evidence({
              config,
              space: one.problem.space,
              world: hostile(one.hostility)(one.problem.world),
              order: one.order,
              solves: arbitraries.solves?.(config) ?? null,
              maxSteps: arbitraries.maxSteps ?? 1000,
              optimum: null,
            }),
          )(configOf(subject)(one)),
        laws: methodLaws.map(law => ({
          ...law,
          check: E.chain(law.check),
        })),
      },
      options,
    )
  }

/** What a method is promised to solve. */
export interface OptimumArbitraries {
  readonly options: fc.Arbitrary<Readonly<Record<string, unknown>>>
  /** Problems with known solutions; those that have none within their space say nothing. */
  readonly problems: fc.Arbitrary<Simulated>
  /** How far, in λ, any component of the returned λ may be from the solution. */
  readonly within: number
}

/** Examines whether a method finds solutions that are known. Runs are as long as the options say: use few. */
export const optimum =
  <C, S>(subject: Method<C, S>, { options: written, problems: given, within }: OptimumArbitraries) =>
  (options: Options = {}): Report => {
    const evidence = evidenceOf(subject)
    return examine<Pick<Case, 'options' | 'problem'>, E.Either<string, MethodEvidence>>(
      {
        subject: `method "${subject.name}" on problems with known solutions`,
        cases: fc.record({ options: written, problem: given }),
        evidence: one =>
          E.map((config: C) =>
            evidence({
              config,
              space: one.problem.space,
              world: hostile(friendly)(one.problem.world),
              order: [],
              solves: null,
              maxSteps: 10_000,
              optimum: one.problem.optimum === null ? null : { lambda: one.problem.optimum, within },
            }),
          )(configOf(subject)(one)),
        laws: [{ ...Transitions.findsOptimum, check: E.chain(Transitions.findsOptimum.check) }],
      },
      options,
    )
  }
