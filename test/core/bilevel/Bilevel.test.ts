import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import { decode } from '../../../src/core/codec/Codec.js'
import { isQuestion, type Question } from '../../../src/core/protocol/Command.js'
import type { Info, ResultRow } from '../../../src/core/protocol/Info.js'
import { contains } from '../../../src/core/protocol/SearchSpace.js'
import { driveInMemory } from '../../support/driveInMemory.js'
import { type Ridge, ridgeOptimum, ridgeSpace, ridgeWorld } from '../../support/ridge.js'
import { cases } from '../../support/cases.js'

const right = <A>(either: E.Either<string | { readonly message: string }, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(typeof either.left === 'string' ? either.left : either.left.message)
}

const small = { budget: { outerIterations: 4, lowerLevelSolves: 10 } }

const configOf = (ridge: Ridge, options: object = {}) =>
  right(decode(bilevel.config)({ space: ridgeSpace(ridge), ...options }))

const run = (
  ridge: Ridge,
  options: object = {},
  fails: (question: Question) => boolean = () => false,
  order?: (open: ReadonlyArray<Question>) => number,
) => right(driveInMemory(bilevel, configOf(ridge, options), ridgeWorld(ridge, fails), order))

const outcomeOf = (infos: ReadonlyArray<{ readonly info: Info }>) => infos.at(-1)!.info.outcome!
const rowOf = (rows: ReadonlyArray<ResultRow>, name: string) => rows.find(row => row.name === name)!

const ridge: fc.Arbitrary<Ridge> = fc
  .array(
    fc.record({
      b: fc.double({ min: 0.2, max: 2, noNaN: true }),
      ratio: fc.double({ min: 1.1, max: 8, noNaN: true }),
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map(parts => ({ a: parts.map(({ b, ratio }) => b * ratio), b: parts.map(({ b }) => b) }))

const deepFreeze = <A>(value: A): A => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

describe('bilevel on ridge problems with a known optimum', () => {
  it('finds it to 0.01 in λ, and the violation falls by orders', () => {
    fc.assert(
      fc.property(ridge, problem => {
        const transitions = run(problem, {
          budget: { outerIterations: 40, lowerLevelSolves: 60 },
          averaged: 2,
          stop: { step: 2e-4 },
        })
        const found = rowOf(outcomeOf(transitions).rows, 'bilevel')
        ridgeOptimum(problem).forEach((value, k) =>
          expect(Math.abs(found.lambda[k]! - value)).toBeLessThan(0.01),
        )
        const first = transitions.find(({ info }) => info.epsilon !== null)!.info.epsilon!
        expect(found.violation!).toBeLessThan(first / 100)
      }),
      cases(12),
    )
  })

  it('never returns a λ whose retrained F is worse than the best initial sample’s', () => {
    fc.assert(
      fc.property(ridge, fc.nat(1000), (problem, seed) => {
        const { rows } = outcomeOf(run(problem, { ...small, seed }))
        const lossOf = (name: string): number => rowOf(rows, name).trained!.validation.loss
        expect(lossOf('bilevel')).toBeLessThanOrEqual(lossOf('best initial sample'))
      }),
      cases(20),
    )
  })

  it('keeps λ in the space and stays within its budget of lower-level solves', () => {
    fc.assert(
      fc.property(ridge, fc.integer({ min: 5, max: 12 }), (problem, lowerLevelSolves) => {
        const transitions = run(problem, { budget: { outerIterations: 50, lowerLevelSolves } })
        const asked = transitions.flatMap(({ commands }) => commands).filter(isQuestion)
        for (const { lambda } of asked) expect(contains(ridgeSpace(problem))(lambda)).toBe(true)
        expect(rowOf(outcomeOf(transitions).rows, 'bilevel').lowerLevelSolves).toBeLessThanOrEqual(
          lowerLevelSolves,
        )
        const solves = asked.filter(({ _tag }) => _tag === 'SolveLowerLevel')
        // One more solve retrains at the λ to return.
        expect(solves.length).toBeLessThanOrEqual(lowerLevelSolves + 1)
      }),
      cases(10),
    )
  })
})

describe('bilevel as a method', () => {
  const problem: Ridge = { a: [1, 2], b: [0.4, 1.2] }

  it('gives the same transitions for the same answers, whatever the order of the answers in a batch', () => {
    const serial = run(problem, small)
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), stream => {
        const pick = stream[Symbol.iterator]()
        const shuffled = run(problem, small, undefined, open => pick.next().value % open.length)
        expect(shuffled.at(-1)!.state).toEqual(serial.at(-1)!.state)
        expect(outcomeOf(shuffled)).toEqual(outcomeOf(serial))
      }),
      cases(12),
    )
  })

  it('survives a JSON round trip of its state at every step, with the same next step', () => {
    const world = ridgeWorld(problem)
    const transitions = right(driveInMemory(bilevel, configOf(problem, small), world))
    const answers = transitions.flatMap(({ commands }) => commands).filter(isQuestion)
    const replayWorld = ridgeWorld(problem)
    let i = 0
    for (const question of answers) {
      const state = transitions[i]!.state
      const revived = right(decode(bilevel.state)(JSON.parse(JSON.stringify(state))))
      expect(JSON.stringify(revived)).toBe(JSON.stringify(state))
      const next = right(bilevel.step(replayWorld.answer(question))(revived))
      expect(JSON.stringify(next)).toBe(JSON.stringify(transitions[i + 1]))
      i++
    }
    expect(i).toBe(transitions.length - 1)
  })

  it('does not change its arguments', () => {
    const world = ridgeWorld(problem)
    let transition = right(bilevel.init(deepFreeze(configOf(problem, small))))
    let open: ReadonlyArray<Question> = []
    while (transition.info.outcome === null) {
      open = [...open, ...transition.commands.filter(isQuestion)]
      const [question, ...rest] = open
      open = rest
      transition = right(bilevel.step(deepFreeze(world.answer(question!)))(deepFreeze(transition.state)))
    }
    expect(transition.info.outcome.rows).toHaveLength(2)
  })

  it('refuses an unknown id, a repeated one, a wrong kind of answer, and any answer once halted', () => {
    const world = ridgeWorld(problem)
    const first = right(bilevel.init(configOf(problem, small)))
    const [measure, solve] = first.commands.filter(isQuestion)
    const answer = world.answer(solve!)
    const tagOf = (either: E.Either<{ readonly _tag: string }, unknown>): string =>
      E.isLeft(either) ? either.left._tag : 'Right'
    expect(tagOf(bilevel.step({ ...answer, id: 999 })(first.state))).toBe('UnknownCommand')
    const once = right(bilevel.step(answer)(first.state))
    expect(tagOf(bilevel.step(answer)(once.state))).toBe('UnknownCommand')
    expect(tagOf(bilevel.step({ ...answer, id: measure!.id })(first.state))).toBe('UnexpectedObservation')
    if (answer._tag !== 'LowerLevelSolved') throw new Error('a solve answers a solve')
    expect(tagOf(bilevel.step({ ...answer, upper: NaN })(first.state))).toBe('InvalidObservation')
    expect(tagOf(bilevel.step({ ...answer, lowerGradient: [1] })(first.state))).toBe('InvalidObservation')
    expect(tagOf(bilevel.step(answer)(run(problem, small).at(-1)!.state))).toBe('Halted')
  })

  it('releases weights that it does not need: few are held at any time', () => {
    const world = ridgeWorld(problem)
    const options = { budget: { outerIterations: 60, lowerLevelSolves: 70 }, stop: { step: 0 } }
    const transitions = right(driveInMemory(bilevel, configOf(problem, options), world))
    expect(transitions.length).toBeGreaterThan(150)
    expect(world.held().length).toBeLessThan(45)
    expect(transitions.at(-1)!.state.held.length).toBeLessThan(45)
  })

  it('continues after failed commands, and says when it cannot', () => {
    const some = run(problem, small, ({ id }) => id === 2 || id === 7 || id === 10)
    expect(outcomeOf(some).rows).toHaveLength(2)
    const none = run(problem, small, ({ _tag }) => _tag === 'SolveLowerLevel')
    expect(outcomeOf(none).stopReason).toBe('noSample')
    const noPairs = run(problem, small, question => question._tag === 'DescendWeights' && question.steps > 0)
    expect(outcomeOf(noPairs).stopReason).toBe('failures')
    expect(outcomeOf(noPairs).rows).toHaveLength(2)
  })

  it('halts whatever fails', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), failing => {
        const transitions = run(problem, small, ({ id }) => failing[id % 60]!)
        expect(outcomeOf(transitions)).not.toBeNull()
        expect(transitions.length).toBeLessThan(80)
      }),
      cases(20),
    )
  })

  it('names the field of a configuration that cannot be used', () => {
    const fieldOf = (options: object): string => {
      const started = bilevel.init(configOf(problem, options))
      return E.isLeft(started) && started.left._tag === 'InvalidConfig' ? started.left.field : 'none'
    }
    expect(fieldOf({ epsilon: { factor: 2 } })).toBe('epsilon.factor')
    expect(fieldOf({ penalty: { growth: 0.5 } })).toBe('penalty.growth')
    expect(fieldOf({ design: { lower: [1] } })).toBe('design.lower')
    expect(fieldOf({ space: [{ name: 'x', lower: 1, upper: 0, scale: 'log' }] })).toBe('space[0]')
    expect(decode(bilevel.config)({ space: ridgeSpace(problem), averaged: -1 })).toEqual(
      E.left('`averaged` must be an integer ≥ 1, but is -1'),
    )
  })

  it('refuses an option that it does not know, with the nearest one that it does', () => {
    const refusal = (options: object): unknown =>
      decode(bilevel.config)({ space: ridgeSpace(problem), ...options })
    expect(refusal({ budjet: { lowerLevelSolves: 3 } })).toEqual(
      E.left(
        expect.stringMatching(/^`budjet` is not known\. Did you mean "budget"\? Known fields here: space, /),
      ),
    )
    expect(refusal({ budget: { lowerLevelSolvs: 3 } })).toEqual(
      E.left(
        '`budget.lowerLevelSolvs` is not known. Did you mean "lowerLevelSolves"? ' +
          'Known fields here: lowerLevelSolves, effortEpochs, outerIterations',
      ),
    )
    expect(refusal({ descent: { rule: 'quasiNewton', growth: 2 } })).toEqual(
      E.left(expect.stringContaining('`descent.growth` is not known')),
    )
    expect(refusal({ descent: { rule: 'sign' } })).toEqual(
      E.left('`descent.rule` must be one of "signs", "quasiNewton", but is "sign". Did you mean "signs"?'),
    )
  })
})
