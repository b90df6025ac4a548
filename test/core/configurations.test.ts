/** What the codecs of configurations refuse in a new configuration, and take in an old record. */
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bayesianOptimization,
  bilevel,
  decode,
  gridSearch,
  hyperband,
  randomSearch,
  Replay,
  solveBilevel,
  tracking,
} from '../../src/core/index.js'
import { Simulate } from '../../src/core/laws/index.js'
import { lenient } from '../../src/core/codec/options.js'
import { cases } from '../support/cases.js'

const space = [{ name: 'a', lower: -12, upper: 2, scale: 'log' }] as const

const decoders: ReadonlyArray<readonly [string, (u: unknown) => E.Either<string, unknown>]> = [
  ['bilevel', decode(bilevel.config)],
  ['tracking', decode(tracking.config)],
  ['grid', decode(gridSearch.config)],
  ['random', decode(randomSearch.config)],
  ['bayesian', decode(bayesianOptimization.config)],
  ['hyperband', decode(hyperband.config)],
]

const refusal = (options: object): string => {
  const decoded = decode(bilevel.config)({ space, ...options })
  return E.isLeft(decoded) ? decoded.left : ''
}

describe('a seed', () => {
  it.each(decoders)('of %s is an integer of 32 bits', (_, decoded) => {
    expect(decoded({ space, seed: 2 ** 32 })).toEqual(
      E.left('`seed` must be an integer from 0 to 4294967295, but is 4294967296'),
    )
    expect(E.isRight(decoded({ space, seed: 2 ** 32 - 1 }))).toBe(true)
  })

  it('of a problem in memory is one, too', () => {
    const level = () => ({ value: 0, gradX: [0], gradY: [0] })
    const problem = { x: { start: [0] }, y: { start: [0] }, upperLevel: level, lowerLevel: level }
    const solved = solveBilevel(problem, { seed: 2 ** 32 })
    expect(E.isLeft(solved) ? solved.left.message : '').toBe(
      '`seed` must be an integer from 0 to 4294967295, but is 4294967296.',
    )
  })

  it('in an old log may be larger: the log replays', () => {
    const decoded = decode(lenient(gridSearch.config))({ space, seed: 2 ** 32 })
    if (E.isLeft(decoded)) throw new Error(decoded.left)
    const config = decoded.right
    expect(config.seed).toBe(2 ** 32)
    const digest = { expected: 'd', found: 'd' }
    const value = { config: JSON.parse(JSON.stringify(config)) as unknown }
    const header = { line: 1, body: JSON.stringify(value), value, digest }
    expect(E.isRight(Replay.replay(gridSearch)(header)([]))).toBe(true)
  })
})

describe('the initial design', () => {
  it('takes no more solves than the budget has', () => {
    for (const lowerLevelSolves of [1, 2, 3]) {
      const { world, space: ridge } = Simulate.ridge({ a: [3], b: [2] })
      const config = decode(bilevel.config)({ space: ridge, budget: { lowerLevelSolves }, retrain: false })
      if (E.isLeft(config)) throw new Error(config.left)
      const { answered } = Simulate.drive(bilevel)(config.right, world)
      const solves = answered.filter(({ question }) => question._tag === 'SolveLowerLevel')
      expect(solves.length).toBeLessThanOrEqual(lowerLevelSolves)
      expect(solves.length).toBeGreaterThan(0)
    }
    expect(refusal({ budget: { lowerLevelSolves: 1 }, design: { size: 2 } })).toBe(
      '`budget.lowerLevelSolves` is 1, but the initial design takes 2: raise it, or lower `design.size`',
    )
  })

  it('lies in the search space, and has bounds in order', () => {
    expect(refusal({ design: { lower: [-20] } })).toBe(
      '`design.lower` must lie in the search space, but its component 0 is -20, and "a" is between -12 and 2',
    )
    expect(refusal({ design: { upper: [3] } })).toBe(
      '`design.upper` must lie in the search space, but its component 0 is 3, and "a" is between -12 and 2',
    )
    expect(refusal({ design: { lower: [1], upper: [0] } })).toBe(
      '`design.lower` must be at most `design.upper`, but its component 0 is 1, and that of `design.upper` is 0',
    )
    expect(refusal({ design: { lower: [1], upper: [1] } })).toBe('')
  })

  it('has at most 1,024 points', () => {
    expect(refusal({ design: { size: 1e6 }, budget: { lowerLevelSolves: 1e6 } })).toBe(
      '`design.size` asks for 1000000 points; a design has at most 1024',
    )
    const many = Array.from({ length: 11 }, (_, k) => ({ ...space[0], name: `a${k}` }))
    expect(refusal({ space: many, design: { kind: 'grid' } })).toBe(
      '`design.size` asks for a grid of 11 axes and 2048 points; a design has at most 1024',
    )
  })

  it('of an accepted configuration lies in its box, with as many points as the budget covers', () => {
    const bound = fc.option(fc.tuple(fc.double({ min: -15, max: 5, noNaN: true })), { nil: null })
    const options = fc.record({
      design: fc.record({
        kind: fc.constantFrom('diagonal', 'halvedDiagonal', 'grid', 'sobol', 'latinHypercube'),
        size: fc.integer({ min: 1, max: 8 }),
        lower: bound,
        upper: bound,
      }),
      budget: fc.record({ lowerLevelSolves: fc.integer({ min: 1, max: 8 }) }),
    })
    fc.assert(
      fc.property(options, given => {
        const config = decode(bilevel.config)({ space, ...given })
        if (E.isLeft(config)) return
        const begun = bilevel.init(config.right)
        if (E.isLeft(begun)) throw new Error(begun.left.message)
        const { lower, upper } = given.design
        const solves = begun.right.commands.flatMap(command =>
          command._tag === 'SolveLowerLevel' ? [command.lambda[0]!] : [],
        )
        expect(solves.length).toBeLessThanOrEqual(given.budget.lowerLevelSolves)
        for (const lambda of solves) {
          expect(lambda).toBeGreaterThanOrEqual((lower?.[0] ?? -12) - 1e-12)
          expect(lambda).toBeLessThanOrEqual((upper?.[0] ?? 2) + 1e-12)
        }
      }),
      cases(1000),
    )
  })

  it('in an old log may break these rules', () => {
    const old = { space, budget: { lowerLevelSolves: 1 }, design: { size: 2, lower: [-20], upper: [-30] } }
    expect(E.isRight(decode(lenient(bilevel.config))(old))).toBe(true)
  })
})

describe('a misspelt value', () => {
  it.each([
    [{ kernel: 'matern' }, '`kernel` must be "rbf" or "matern52", but is "matern". Did you mean "matern52"?'],
    [
      { pair: { reference: 'pairs' } },
      '`pair.reference` must be "paired", "surrogate" or "solved", but is "pairs". Did you mean "paired"?',
    ],
    [
      { design: { kind: 'qqqqqq' } },
      '`design.kind` must be "diagonal", "halvedDiagonal", "grid", "sobol" or "latinHypercube", but is "qqqqqq"',
    ],
  ])('is refused with the nearest one: %o', (options, why) => {
    expect(refusal(options)).toBe(why)
  })
})
