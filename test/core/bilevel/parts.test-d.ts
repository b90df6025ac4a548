/** Parts that do not fit fail to compile, and the type of a variant's state is assembled from its parts'. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expectTypeOf, it } from 'vitest'
import {
  Bilevel,
  bilevel,
  type BilevelConfig,
  type BilevelState,
  type Method,
  Parts,
} from '../../../src/core/index.js'

const constant: Parts.Surrogate<{ readonly value: number }> = {
  state: t.readonly(t.strict({ value: t.number })),
  prior: () => E.right({ value: 0 }),
  observe:
    ({ value }) =>
    () =>
      E.right({ value }),
  consolidate: E.right,
  estimate:
    () =>
    ({ value }) => ({ mean: value, variance: 0 }),
  predict:
    lambda =>
    ({ value }) => ({ mean: value, variance: 0, gradient: lambda.map(() => 0) }),
}

const still: Parts.DescentRule<'still'> = {
  state: t.literal('still'),
  start: () => 'still',
  step:
    () =>
    ({ unit }) =>
    () => ({ unit, after: 'still', longest: 0, backtracking: false }),
  retreat: () => before => before,
}

describe('Bilevel.make', () => {
  it('gives the method itself if nothing is replaced', () => {
    expectTypeOf(Bilevel.make({})).toEqualTypeOf(bilevel)
    expectTypeOf(Bilevel.make({ ...Parts.defaults, name: 'mine' })).toEqualTypeOf(bilevel)
    expectTypeOf(Bilevel.make({ penalty: Parts.defaults.penalty })).toEqualTypeOf(bilevel)
  })

  it('gives a state with the states of the parts', () => {
    type Value = { readonly value: number }
    expectTypeOf(Bilevel.make({ surrogate: constant })).toEqualTypeOf<
      Method<BilevelConfig, BilevelState<Value>>
    >()
    expectTypeOf(Bilevel.make({ surrogate: constant, descent: still })).toEqualTypeOf<
      Method<BilevelConfig, BilevelState<Value, 'still'>>
    >()
    expectTypeOf(Bilevel.make({ descent: still })).toEqualTypeOf<
      Method<BilevelConfig, BilevelState<Parts.GaussianProcessState, 'still'>>
    >()
  })

  it('refuses a part of another kind, an incomplete part, and an unknown part', () => {
    const { penalty, tolerance, constraint, choice, design } = Parts.defaults
    // @ts-expect-error a tolerance schedule is not a penalty schedule
    Bilevel.make({ penalty: tolerance })
    // @ts-expect-error `next` and `cap` are missing
    Bilevel.make({ penalty: { initial: penalty.initial } })
    // @ts-expect-error a penalty is a number
    Bilevel.make({ penalty: { ...penalty, initial: () => () => '2' } })
    // @ts-expect-error a λ is a list of numbers
    Bilevel.make({ choice: { ...choice, lambda: () => () => 0 } })
    // @ts-expect-error a multiplier's codec decodes a number
    Bilevel.make({ constraint: { ...constraint, multiplier: t.string } })
    // @ts-expect-error a design may fail, and says so in an Either
    Bilevel.make({ design: { ...design, points: () => [[0]] } })
    // @ts-expect-error there is no such part
    Bilevel.make({ kernel: 'rbf' })
  })

  it('refuses a part whose functions use another state than its codec', () => {
    // @ts-expect-error the codec is of a number
    Bilevel.make({ surrogate: { ...constant, state: t.number } })
    // @ts-expect-error the rule's state would be a literal, and then a number
    Bilevel.make({ descent: { ...still, start: () => 3 } })
  })

  it('types the arguments of a part as readonly', () => {
    Bilevel.make({
      penalty: {
        ...Parts.defaults.penalty,
        next: () => () => () => before => {
          // @ts-expect-error the arguments of a part are readonly
          before.penalty = 2
          return before.penalty
        },
      },
    })
  })
})
