/** What `step` of every method does with an answer that is not what the protocol says. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  bayesianOptimization,
  bilevel,
  decode,
  gridSearch,
  hyperband,
  type Method,
  type MethodError,
  type Observation,
  randomSearch,
  tracking,
} from '../../../src/core/index.js'
import { type SomeMethod, some } from '../../../src/shell/record/Methods.js'

const all: ReadonlyArray<readonly [string, SomeMethod]> = [
  ['bilevel', some(bilevel)],
  ['tracking', some(tracking)],
  ['grid', some(gridSearch)],
  ['random', some(randomSearch)],
  ['bayesian', some(bayesianOptimization)],
  ['hyperband', some(hyperband)],
]

interface Begun {
  /** A correct answer to the first solve that the method asks for. */
  readonly answer: Observation.LowerLevelSolved
  readonly step: (observation: unknown) => E.Either<MethodError, { readonly state: unknown }>
  /** The state after JSON and its codec. */
  readonly revived: (state: unknown) => E.Either<string, unknown>
}

/** The method after `init`, with d hyperparameters. */
const begin =
  (d: number) =>
  <C, S>(method: Method<C, S>): Begun => {
    const space = Array.from({ length: d }, (_, k) => ({
      name: `l2.${k}`,
      lower: -12,
      upper: 2,
      scale: 'log',
    }))
    const begun = E.flatMap(method.init)(
      E.mapLeft((message: string) => ({ message }))(decode(method.config)({ space })) as E.Either<
        MethodError,
        C
      >,
    )
    if (E.isLeft(begun)) throw new Error(begun.left.message)
    const { state, commands } = begun.right
    const solve = commands.find(({ _tag }) => _tag === 'SolveLowerLevel')
    if (solve?._tag !== 'SolveLowerLevel') throw new Error('the method asks for no solve')
    const zeros = Array.from({ length: d }, () => 0)
    return {
      answer: {
        _tag: 'LowerLevelSolved',
        id: solve.id,
        upper: 1,
        lower: 1,
        upperGradient: zeros,
        lowerGradient: zeros,
        gradientNorm: 0,
        weights: `w${solve.id}`,
        effort: 1,
        converged: true,
      },
      step: observation => method.step(observation as Observation.Observation)(state),
      revived: written => decode(method.state)(JSON.parse(JSON.stringify(written))),
    }
  }

const nested = (depth: number): unknown => {
  let list: ReadonlyArray<unknown> = []
  for (let i = 0; i < depth; i++) list = [list]
  return list
}

const refusalOf = (found: ReturnType<Begun['step']>): string | null =>
  E.isLeft(found) ? `${found.left._tag}: ${found.left.message}` : null

describe.each(all)('step of %s', (_, method) => {
  it('refuses null', () => {
    const { step } = method(begin(1))
    expect(refusalOf(step(null))).toBe(
      'InvalidObservation: The observation cannot be used: the value must be an object with the field id, but is null. ' +
        'Answer a command with an object that has its `id`.',
    )
  })

  it('refuses an answer without `lowerGradient`', () => {
    const { answer, step } = method(begin(1))
    const { lowerGradient: _absent, ...rest } = answer
    expect(refusalOf(step(rest))).toContain('`lowerGradient` is missing; it must be a list of finite numbers')
  })

  it('refuses a BigInt', () => {
    const { answer, step } = method(begin(1))
    expect(refusalOf(step({ ...answer, upper: 1n }))).toContain('`upper` must be a finite number, but is 1n')
  })

  it('refuses 20,000 nested lists, as an answer and in one', () => {
    const { answer, step } = method(begin(1))
    const refusal = 'The observation cannot be used: it nests more than 32 objects and lists.'
    expect(refusalOf(step(nested(20_000)))).toContain(refusal)
    expect(refusalOf(step({ ...answer, upper: nested(20_000) }))).toContain(refusal)
  })

  it('refuses weights that are not those of the command', () => {
    const { answer, step } = method(begin(1))
    for (const weights of ['w99', 'initial'])
      expect(refusalOf(step({ ...answer, weights }))).toBe(
        `InvalidObservation: The answer to command ${answer.id} names the weights "${weights}". The weights that a command ` +
          `creates are named after it: keep them as "w${answer.id}", and answer with that name.`,
      )
  })

  it('uses the packed form of 80 zeros as 80 zeros', () => {
    const { answer, step, revived } = method(begin(80))
    const packed = { all: 0, length: 80 }
    const [plain, found] = [step(answer), step({ ...answer, upperGradient: packed, lowerGradient: packed })]
    expect(found).toEqual(plain)
    const state = E.isRight(found) ? found.right.state : null
    expect(revived(state)).toEqual(E.right(state))
    expect(refusalOf(step({ ...answer, lowerGradient: { all: Infinity, length: 80 } }))).toContain(
      'something that is not a number',
    )
  })
})
