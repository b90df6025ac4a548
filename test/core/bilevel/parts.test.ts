/** Each part of the method can be replaced alone, and the method then uses the replacement. */
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import {
  AugmentedLagrangian,
  Bilevel,
  bilevel,
  type BilevelConfig,
  Codec,
  decode,
  type Method,
  Parts,
} from '../../../src/core/index.js'
import { isQuestion } from '../../../src/core/protocol/Command.js'
import { driveInMemory } from '../../support/driveInMemory.js'
import { type Ridge, ridgeSpace, ridgeWorld } from '../../support/ridge.js'
import { cases } from '../../support/cases.js'

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(`expected a Right, found ${JSON.stringify(either.left)}`)
}

const ridge: Ridge = { a: [1, 2], b: [0.4, 1.2] }
const config: BilevelConfig = right(
  decode(bilevel.config)({ space: ridgeSpace(ridge), budget: { outerIterations: 6, lowerLevelSolves: 14 } }),
)
const run = <S>(method: Method<BilevelConfig, S>, given = config) =>
  right(driveInMemory(method, given, ridgeWorld(ridge)))
const transitionsOf = <S>(method: Method<BilevelConfig, S>, given = config) =>
  run(method, given).map(({ commands, info }) => ({ commands, info }))

const { constraint, penalty, tolerance, choice, design, surrogate, descent } = Parts.defaults

describe('the method made from its own parts', () => {
  it.each(Object.keys(Parts.defaults))('its own %s gives the same method', part => {
    const given = Object.fromEntries(Object.entries(Parts.defaults).filter(([name]) => name === part))
    expect(JSON.stringify(transitionsOf(Bilevel.make(given)))).toBe(JSON.stringify(transitionsOf(bilevel)))
  })

  it('is named after the replaced parts, unless it is given a name', () => {
    expect(Bilevel.make({}).name).toBe('bilevel')
    expect(Bilevel.make({ penalty }).name).toBe('bilevel with another penalty')
    expect(Bilevel.make({ choice, design }).name).toBe('bilevel with another design, choice')
    expect(Bilevel.make({ choice, name: 'mine' }).name).toBe('mine')
  })
})

describe('one part replaced', () => {
  const infos = <S>(method: Method<BilevelConfig, S>) => transitionsOf(method).map(({ info }) => info)
  const searching = <S>(method: Method<BilevelConfig, S>) =>
    infos(method).filter(({ phase }) => phase === 'minimising' || phase === 'refining')

  it('penalty: ρ is the schedule’s; the multiplier and ε still move', () => {
    const doubled: Parts.PenaltySchedule = {
      initial: () => () => 3,
      cap: () => () => Infinity,
      next: () => () => () => before => 2 * before.penalty,
    }
    const steps = searching(Bilevel.make({ penalty: doubled }))
    for (const { outerIteration, phase, penalty: rho } of steps)
      expect(rho).toBe(3 * 2 ** (outerIteration - (phase === 'refining' ? 1 : 0)))
    expect(new Set(steps.map(({ multiplier }) => multiplier)).size).toBeGreaterThan(2)
    expect(new Set(steps.map(({ epsilon }) => epsilon)).size).toBeGreaterThan(2)
  })

  it('tolerance: ε is the schedule’s; the multiplier still moves', () => {
    const fixed: Parts.ToleranceSchedule = {
      initial: () => 0.5,
      final: () => () => 0.5,
      next: () => () => epsilon => epsilon,
    }
    const steps = searching(Bilevel.make({ tolerance: fixed }))
    for (const { epsilon } of steps) expect(epsilon).toBe(0.5)
    expect(new Set(steps.map(({ multiplier }) => multiplier)).size).toBeGreaterThan(2)
  })

  it('constraint: κ is the form’s, and the weights descend with it', () => {
    const stiff: Parts.ConstraintForm = { ...constraint, coefficient: () => 16_384 }
    const method = Bilevel.make({ constraint: stiff })
    const asked = transitionsOf(method).flatMap(({ commands }) => commands)
    const relaxed = asked.flatMap(command =>
      command._tag === 'DescendWeights' && command.upperCoefficient > 0 ? [command] : [],
    )
    expect(relaxed.length).toBeGreaterThan(3)
    for (const { upperCoefficient, lowerCoefficient } of relaxed)
      expect(lowerCoefficient / upperCoefficient).toBe(16_384)
    for (const { coefficient } of infos(method)) expect([null, 16_384]).toContain(coefficient)
  })

  it('design: its points are sampled; a point outside the space, or an empty design, is refused', () => {
    const points = [
      [0, 1],
      [-3, 2],
    ]
    const at = (given: ReadonlyArray<ReadonlyArray<number>>) =>
      Bilevel.make({ design: { points: () => E.right(given) } })
    const first = right(at(points).init(config)).commands.filter(isQuestion)
    expect(first.filter(({ _tag }) => _tag === 'SolveLowerLevel').map(({ lambda }) => lambda)).toEqual(points)
    for (const refused of [[], [[0, 5]], [[NaN, 0]], [[0]]]) {
      const started = at(refused).init(config)
      expect(E.isLeft(started) && started.left._tag === 'InvalidConfig' && started.left.field).toBe('design')
    }
  })

  it('choice: the λ to return is retrained and returned, if the choice accepts it', () => {
    const mine = [-1, 0.5]
    const always: Parts.Choice = { ...choice, lambda: () => () => mine, accepts: () => () => true }
    const never: Parts.Choice = { ...always, accepts: () => () => false }
    const found = (of: Parts.Choice) => infos(Bilevel.make({ choice: of })).at(-1)!.outcome!.rows
    expect(found(always).at(-1)!.lambda).toEqual(mine)
    expect(found(never).at(-1)!.lambda).toEqual(found(never)[0]!.lambda)
  })

  it('surrogate and descent: their states are part of a state that survives JSON', () => {
    type Value = Readonly<{ value: number; seen: number }>
    const latest: Parts.Surrogate<Value> = {
      state: t.readonly(t.strict({ value: Codec.Finite, seen: Codec.Natural })),
      prior: () => E.right({ value: 0, seen: 0 }),
      observe:
        ({ value }) =>
        ({ seen }) =>
          E.right({ value, seen: seen + 1 }),
      consolidate: E.right,
      estimate:
        () =>
        ({ value }) => ({ mean: value, variance: 0 }),
      predict:
        lambda =>
        ({ value }) => ({ mean: value, variance: 0, gradient: lambda.map(() => 0) }),
    }
    const towardsZero: Parts.DescentRule<number> = {
      state: Codec.Natural,
      start: () => 0,
      step:
        () =>
        ({ unit }) =>
        steps => ({ unit: unit.map(u => 0.9 * u), after: steps + 1, longest: 1, backtracking: false }),
      retreat: () => steps => steps,
    }
    const method = Bilevel.make({ surrogate: latest, descent: towardsZero })
    const transitions = run(method)
    for (const { state } of transitions) {
      const back = right(decode(method.state)(JSON.parse(JSON.stringify(state))))
      expect(JSON.stringify(back)).toBe(JSON.stringify(state))
    }
    const searches = transitions.flatMap(({ state: { phase } }) => ('search' in phase ? [phase.search] : []))
    expect(searches.at(-1)!.descent).toBe(6)
    expect(transitions.at(-1)!.state.surrogate!.seen).toBeGreaterThan(10)
    // The codec refuses the state of another method.
    const foreign = run(bilevel).find(({ state }) => state.surrogate !== null)!.state
    expect(E.isLeft(decode(method.state)(JSON.parse(JSON.stringify(foreign))))).toBe(true)
    expect(E.isRight(decode(bilevel.state)(JSON.parse(JSON.stringify(foreign))))).toBe(true)
  })
})

describe('the default dual parts', () => {
  const positive = (min: number, max: number) => fc.double({ min, max, noNaN: true })

  it('are the two halves of the augmented Lagrangian’s update', () => {
    fc.assert(
      fc.property(
        fc.record({
          multiplier: positive(0, 1e4),
          penalty: positive(1e-3, 1e6),
          infeasibility: fc.option(positive(0, 10), { nil: null }),
        }),
        positive(0, 10),
        positive(1e-9, 1),
        positive(0, 1),
        (before, violation, epsilon, noise) => {
          const setting = { config, scales: { upper: 2, lower: 3 } }
          const first = { multiplier: constraint.initial(setting), epsilon: tolerance.initial(setting) }
          const excess = constraint.constraint(epsilon)(violation)
          const minimised = { violation, epsilon, constraint: excess, noise, outerIteration: 3 }
          const infeasibility = constraint.infeasibility(before)(excess)
          const whole = AugmentedLagrangian.update({
            multiplierTrust: 10,
            multiplierMax: (config.multiplier.max * 2) / 3,
            penaltyMax: penalty.cap(setting)(first),
            penaltyGrowth: config.penalty.growth,
            sufficientDecrease: config.penalty.sufficientDecrease,
          })({
            slack: Math.max(config.pair.balance * epsilon, noise),
            matched: AugmentedLagrangian.matchedPenalty(before.multiplier, epsilon),
          })(excess)(before)
          expect({
            multiplier: constraint.next(setting)(minimised)(before),
            penalty: penalty.next(setting)(first)({ ...minimised, infeasibility })(before),
            infeasibility,
          }).toEqual(whole)
        },
      ),
      cases(1000),
    )
  })

  it('hold: the codec accepts only multipliers that the form allows', () => {
    expect(constraint.multiplier.is(-1)).toBe(false)
    expect(surrogate.state.is({})).toBe(false)
    expect(descent.state.is(descent.start(config))).toBe(true)
  })
})
