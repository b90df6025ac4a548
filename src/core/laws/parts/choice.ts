/** The laws of a choice of the returned iterate. */
import * as fc from 'fast-check'
import type { BilevelConfig } from '../../bilevel/BilevelConfig.js'
import type { Relaxed } from '../../bilevel/iterates.js'
import type { Choice, Visited } from '../../bilevel/parts/Choice.js'
import { contains, fromUnit } from '../../protocol/SearchSpace.js'
import { deepFreeze } from '../deepFreeze.js'
import { examine, type Options } from '../examine.js'
import { every, type Law, silent, unless } from '../Law.js'
import { magnitudes, thousandths, units } from '../numbers.js'
import type { Report } from '../Report.js'
import { configs, spaces } from './configs.js'

interface Point {
  readonly unit: ReadonlyArray<number>
  readonly upper: number
  readonly violation: number
  readonly epsilon: number
}

interface Case {
  readonly config: BilevelConfig
  readonly path: ReadonlyArray<ReadonlyArray<number>>
  readonly relaxed: Point | null
  readonly best: Point | null
  /** F of the best initial sample, and of the retrained weights. */
  readonly uppers: readonly [number, number]
}

export interface ChoiceEvidence {
  readonly choice: Choice
  readonly config: BilevelConfig
  readonly visited: Visited
  readonly uppers: readonly [number, number]
}

type ChoiceLaw = Law<ChoiceEvidence>

export const choiceInside: ChoiceLaw = {
  name: 'choice within the space',
  meaning: 'The λ to return, at which the weights are retrained, is within the search space.',
  source: 'bounds of λ are constraints of the problem',
  check: ({ choice, config, visited }) => {
    const lambda = choice.lambda(config)(visited)
    return unless(contains(config.space)(lambda), () => `λ = [${lambda.join(', ')}]`)
  },
}

export const choiceBetween: ChoiceLaw = {
  name: 'choice among what was visited',
  meaning:
    'Each component of the returned λ lies between the smallest and the largest visited value, and the reported iterate is one of the visited ones.',
  source: 'nothing was measured elsewhere',
  check: ({ choice, config, visited }) => {
    const lambda = choice.lambda(config)(visited)
    const iterate = choice.iterate(config)(visited)
    const seen = [
      ...visited.path,
      ...[visited.relaxed, visited.best].flatMap(point => (point === null ? [] : [point.lambda])),
    ]
    const outside = lambda.findIndex((value, k) => {
      const all = seen.map(point => point[k]!)
      const slack = 1e-12 * (1 + Math.abs(value))
      return value < Math.min(...all) - slack || value > Math.max(...all) + slack
    })
    return every([
      unless(
        outside < 0,
        () => `λ = [${lambda.join(', ')}] is outside the visited range in component ${outside}`,
      ),
      unless(
        iterate === null
          ? visited.relaxed === null && visited.best === null
          : [visited.relaxed, visited.best].includes(iterate),
        () => `the iterate ${JSON.stringify(iterate)} is neither the last nor the best one`,
      ),
    ])
  },
}

export const choiceFallsBack: ChoiceLaw = {
  name: 'choice falls back',
  meaning: 'Weights with a higher validation loss than the best initial sample do not replace it.',
  source:
    'nobody uses a method twice that returns worse than its start; the paper returns the smallest |f − φ|',
  check: ({ choice, uppers: [sample, retrained] }) =>
    retrained > sample
      ? unless(
          !choice.accepts({ upper: sample })({ upper: retrained }),
          () => `F = ${retrained} is accepted; the best sample has ${sample}`,
        )
      : silent,
}

export const choiceOrders: ChoiceLaw = {
  name: 'choice takes no turns',
  meaning:
    'Of two iterates with the same ε and different merits and violations, exactly one is preferred to the other.',
  source: 'the incumbent is the best so far, in whatever order the iterates came',
  check: ({ choice, visited: { relaxed, best } }) => {
    if (relaxed === null || best === null) return silent
    const other = { ...best, epsilon: relaxed.epsilon }
    if (other.merit === relaxed.merit || Math.abs(other.violation) === Math.abs(relaxed.violation))
      return silent
    const prefers = (candidate: Relaxed): ((incumbent: Relaxed) => boolean) =>
      choice.prefers({ ...candidate, noise: 0 })
    const [one, two] = [prefers(relaxed)(other), prefers(other)(relaxed)]
    return unless(
      one !== two,
      () =>
        `each of ${JSON.stringify(relaxed)} and ${JSON.stringify(other)} is ${one ? '' : 'not '}preferred to the other`,
    )
  },
}

export const choiceDeterministic: ChoiceLaw = {
  name: 'choice is deterministic',
  meaning: 'Equal iterates give equal choices, and no iterate is changed, whether it is frozen or not.',
  source: 'core/protocol/Method.ts',
  check: ({ choice, config, visited }) => {
    const before = JSON.stringify([config, visited])
    const made = (): string =>
      JSON.stringify([choice.lambda(config)(visited), choice.iterate(config)(visited)])
    const first = made()
    const untouched = JSON.stringify([config, visited]) === before
    deepFreeze(visited)
    return every([
      unless(first === made(), () => `${first} at first, then ${made()}`),
      unless(untouched, () => 'the visited iterates were changed'),
    ])
  },
}

/** Every law of a choice. */
export const choiceLaws = [
  choiceInside,
  choiceBetween,
  choiceFallsBack,
  choiceOrders,
  choiceDeterministic,
] as const

const point: fc.Arbitrary<Point> = fc.record({
  unit: units(3),
  upper: thousandths(-3, 3),
  violation: thousandths(0, 3),
  epsilon: magnitudes(-6, -1),
})

/**
 * Examines a choice of the returned iterate.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * Laws.passed(Laws.choice(Parts.defaults.choice)({ runs: 20 })) // => true
 * // A choice that returns a λ that was never visited.
 * Laws.passed(Laws.choice({ ...Parts.defaults.choice, lambda: () => () => [1e9] })({ runs: 20 })) // => false
 * ```
 */
export const choice =
  (subject: Choice) =>
  (options: Options = {}): Report =>
    examine<Case, ChoiceEvidence>(
      {
        subject: 'choice of the iterate',
        cases: fc.record({
          config: configs(['averaged', 'retrain'], spaces(3)),
          path: fc.array(units(3), { minLength: 1, maxLength: 8 }),
          relaxed: fc.option(point, { nil: null, freq: 8 }),
          best: fc.option(point, { nil: null, freq: 8 }),
          uppers: fc.tuple(thousandths(0, 3), thousandths(0, 3)),
        }),
        evidence: ({ config, path, relaxed, best, uppers }) => {
          const lambdaOf = (unit: ReadonlyArray<number>): ReadonlyArray<number> =>
            fromUnit(config.space)(unit.slice(0, config.space.length))
          const iterate = ({ unit, upper, violation, epsilon }: Point, id: number): Relaxed => ({
            lambda: lambdaOf(unit),
            upper,
            lower: 1 + violation,
            violation,
            epsilon,
            merit: upper + 100 * (violation - epsilon),
            weights: `w${id}`,
          })
          return {
            choice: subject,
            config,
            visited: {
              path: path.map(lambdaOf),
              relaxed: relaxed === null ? null : iterate(relaxed, 1),
              // There is a best iterate only if there is a last one.
              best: best === null || relaxed === null ? null : iterate(best, 2),
            },
            uppers,
          }
        },
        laws: choiceLaws,
      },
      options,
    )
