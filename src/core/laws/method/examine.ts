/** Examines a method: tests its laws on arbitrary problems. */
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
import * as Malformed from './malformed.js'
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
  Malformed.malformedRefused,
  Malformed.decodedIsUsed,
  Malformed.foreignWeights,
  Refusals.haltedIsHalted,
] as const

/** Arbitraries for the examination of a method. */
export interface MethodArbitraries<C> {
  /** Configurations as a user writes them, without `space`, which each problem brings. Keep budgets small. */
  readonly options: fc.Arbitrary<Readonly<Record<string, unknown>>>
  /** The most `SolveLowerLevel` commands that a configuration allows. Without it the budget law does not apply. */
  readonly solves?: (config: C) => number
  /** Default: ridge problems and random quadratics with up to two hyperparameters. */
  readonly problems?: fc.Arbitrary<Simulated>
  /** Default: friendly worlds, and worlds that fail commands or add noise. */
  readonly hostilities?: fc.Arbitrary<Hostility>
  /** An upper bound on the answers that any run of these configurations needs. Default 1000. */
  readonly maxSteps?: number
}

interface Case {
  readonly options: Readonly<Record<string, unknown>>
  readonly problem: Simulated
  readonly hostility: Hostility
  readonly order: ReadonlyArray<number>
}

/** The decoded configuration. If it does not decode, the arbitraries are wrong, and every law reports it. */
const configOf =
  <C, S>(method: Method<C, S>) =>
  ({ options, problem }: Pick<Case, 'options' | 'problem'>): E.Either<string, C> =>
    decode(method.config)({ ...options, space: problem.space })

const order = fc.array(fc.nat(20), { maxLength: 8 })

/**
 * Examines any method. On each of many simulated problems it makes a small run, and repeats it live, from its log, on
 * frozen arguments, through JSON, and with the questions answered in another order.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { randomSearch } from 'bilevel-hpo'
 * import { Laws, type MethodArbitraries } from 'bilevel-hpo/laws'
 *
 * const options = fc.record({ seed: fc.nat(100), budget: fc.constant({ lowerLevelSolves: 3 }) })
 * const arbitraries: MethodArbitraries<unknown> = { options, solves: () => 4 }
 * Laws.broken(Laws.method(randomSearch, arbitraries)({ runs: 5 })) // => []
 * ```
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

/** Problems that a method must solve, and how closely. */
export interface OptimumArbitraries {
  readonly options: fc.Arbitrary<Readonly<Record<string, unknown>>>
  /** Problems with known solutions. The law does not apply to a problem whose solution is outside its space. */
  readonly problems: fc.Arbitrary<Simulated>
  /** Largest allowed distance, in λ, of any component of the returned λ from the solution. */
  readonly within: number
}

/**
 * Examines whether a method finds known solutions. Runs are as long as the options say, so use few.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { bilevel } from 'bilevel-hpo'
 * import { Laws, type OptimumArbitraries, Simulate } from 'bilevel-hpo/laws'
 *
 * const arbitraries: OptimumArbitraries = { options: fc.constant({}), problems: Simulate.ridgeProblems(1), within: 0.3 }
 * Laws.passed(Laws.optimum(bilevel, arbitraries)({ runs: 3 })) // => true
 * ```
 */
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
