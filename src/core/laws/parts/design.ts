/** The laws of an initial design. */
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import type { BilevelConfig } from '../../bilevel/BilevelConfig.js'
import type { InitialDesign } from '../../bilevel/parts/InitialDesign.js'
import type { MethodError } from '../../protocol/MethodError.js'
import { contains } from '../../protocol/SearchSpace.js'
import { deepFreeze } from '../deepFreeze.js'
import { examine, type Options } from '../examine.js'
import { each, every, type Law, silent, type Tested, tested, unless } from '../Law.js'
import { thousandths } from '../numbers.js'
import type { Report } from '../Report.js'
import { configs } from './configs.js'

type Points = ReadonlyArray<ReadonlyArray<number>>

export interface DesignEvidence {
  readonly config: BilevelConfig
  /** The box that the design must cover. */
  readonly box: ReadonlyArray<{ readonly lower: number; readonly upper: number }>
  readonly points: E.Either<MethodError, Points>
  readonly again: () => E.Either<MethodError, Points>
  /** The configuration as JSON, before `points` was called. */
  readonly before: string
}

type DesignLaw = Law<DesignEvidence>

const given = (
  { points }: DesignEvidence,
  check: (points: Points) => E.Either<string, Tested>,
): E.Either<string, Tested> =>
  E.isLeft(points) ? E.left(`there is no design: ${points.left.message}`) : check(points.right)

export const designComplete: DesignLaw = {
  name: 'design has its size',
  meaning:
    'There are as many points as requested (for a grid, levels to the power of dimensions), each with a component for each hyperparameter.',
  source: 'core/bilevel/parts/InitialDesign.ts',
  check: evidence =>
    given(evidence, points => {
      const { design, space } = evidence.config
      const count = design.kind === 'grid' ? design.size ** space.length : design.size
      return every([
        unless(points.length === count, () => `${points.length} points instead of ${count}`),
        each(points, (point, i) =>
          unless(
            point.length === space.length,
            () => `point ${i} has ${point.length} components; there are ${space.length} hyperparameters`,
          ),
        ),
      ])
    }),
}

export const designInside: DesignLaw = {
  name: 'design within its box',
  meaning: 'Every point is within the box of the design, and so within the search space.',
  source: 'bounds of λ are constraints of the problem',
  check: evidence =>
    given(evidence, points =>
      each(points, (point, i) =>
        unless(
          contains(evidence.config.space)(point) &&
            evidence.box.every(
              ({ lower, upper }, k) => point[k]! >= lower - 1e-12 && point[k]! <= upper + 1e-12,
            ),
          () => `point ${i}, [${point.join(', ')}], is not within ${JSON.stringify(evidence.box)}`,
        ),
      ),
    ),
}

export const designDeterministic: DesignLaw = {
  name: 'design is deterministic',
  meaning: 'Equal configurations give equal points: all randomness comes from the seed.',
  source: 'core/protocol/Method.ts: equal configurations give equal transitions',
  check: evidence =>
    given(evidence, points => {
      const again = evidence.again()
      return E.isLeft(again)
        ? E.left(`the second time there is no design: ${again.left.message}`)
        : unless(
            JSON.stringify(again.right) === JSON.stringify(points),
            () => `[${JSON.stringify(points)}] at first, then ${JSON.stringify(again.right)}`,
          )
    }),
}

export const designDistinct: DesignLaw = {
  name: 'design has no point twice',
  meaning: 'No two points are the same: a second lower-level solve there would add no information.',
  source: 'the cost of a run is its lower-level solves (arXiv 2208.12118)',
  check: evidence =>
    given(evidence, points => {
      const texts = points.map(point => JSON.stringify(point))
      const twice = texts.find((text, i) => texts.indexOf(text) !== i)
      return unless(twice === undefined, () => `${twice!} occurs more than once`)
    }),
}

/** Whether each of `count` equal intervals of every axis holds exactly one point. */
const stratified = (points: Points, { box }: DesignEvidence): E.Either<string, Tested> =>
  each(box, ({ lower, upper }, k) => {
    const count = points.length
    const held = new Array<number>(count).fill(0)
    for (const point of points) {
      const cell = Math.floor(((point[k]! - lower) / (upper - lower)) * count + 1e-9)
      held[Math.min(count - 1, Math.max(0, cell))]! += 1
    }
    const wrong = held.findIndex(n => n !== 1)
    return unless(
      wrong < 0,
      () => `axis ${k}: interval ${wrong} of ${count} holds ${held[wrong]!} points instead of one`,
    )
  })

export const designStratified: DesignLaw = {
  name: 'design is stratified',
  meaning:
    'On every axis each of n equal intervals holds one point. This applies to a Latin hypercube of n points, and to the first n = 2^m points of a Sobol sequence.',
  source: 'McKay, Beckman & Conover 1979; Sobol 1967',
  check: evidence =>
    given(evidence, points => {
      const { kind } = evidence.config.design
      if (points.length === 0) return tested
      switch (kind) {
        case 'latinHypercube':
          return stratified(points, evidence)
        case 'sobol':
          return stratified(points.slice(0, 2 ** Math.floor(Math.log2(points.length))), evidence)
        case 'diagonal':
        case 'halvedDiagonal':
        case 'grid':
          return silent
      }
    }),
}

export const designUntouched: DesignLaw = {
  name: 'design leaves its configuration alone',
  meaning: 'The configuration is not changed, whether it is frozen or not.',
  source: 'core/protocol/Method.ts: no argument is changed',
  check: ({ before, config, again }) => {
    const first = JSON.stringify(config)
    again()
    return every([
      unless(first === before, () => `it was ${before} and is ${first}`),
      unless(JSON.stringify(config) === before, () => 'it was changed the second time'),
    ])
  },
}

/** Every law of an initial design. */
export const designLaws = [
  designComplete,
  designInside,
  designDeterministic,
  designDistinct,
  designStratified,
  designUntouched,
] as const

interface Case {
  readonly config: BilevelConfig
  /** Shares of each axis that the box excludes at either end; `null`: the box is the whole space. */
  readonly margins: readonly [number, number] | null
}

/**
 * Examines an initial design.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * Laws.passed(Laws.design(Parts.defaults.design)({ runs: 20 })) // => true
 * // No points at all.
 * Laws.passed(Laws.design({ points: () => E.right([]) })({ runs: 20 })) // => false
 * ```
 */
export const design =
  (subject: InitialDesign) =>
  (options: Options = {}): Report =>
    examine<Case, DesignEvidence>(
      {
        subject: 'initial design',
        cases: fc.record({
          config: configs(['seed', 'design']),
          margins: fc.option(fc.tuple(thousandths(0, 0.4), thousandths(0, 0.4)), { nil: null }),
        }),
        evidence: ({ config, margins }) => {
          const box = config.space.map(({ lower, upper }) => ({
            lower: lower + (margins?.[0] ?? 0) * (upper - lower),
            upper: upper - (margins?.[1] ?? 0) * (upper - lower),
          }))
          const bounded: BilevelConfig =
            margins === null
              ? config
              : {
                  ...config,
                  design: {
                    ...config.design,
                    lower: box.map(({ lower }) => lower),
                    upper: box.map(({ upper }) => upper),
                  },
                }
          const before = JSON.stringify(bounded)
          return {
            before,
            config: bounded,
            box,
            points: subject.points(bounded),
            again: () => subject.points(deepFreeze(bounded)),
          }
        },
        laws: designLaws,
      },
      options,
    )
