/** The dual variables of a run of the bilevel method: violation, multiplier, penalty and tolerance over its iterations. */
import * as t from 'io-ts'
import { iterates } from '../../../core/bilevel/trajectory.js'
import { Finite, Natural } from '../../../core/codec/Codec.js'
import type { Run } from '../Run.js'

/** The quantities that are drawn, in this order. */
export const quantities = ['violation', 'multiplier', 'penalty', 'epsilon'] as const

export const DualRow = t.readonly(
  t.strict({
    run: t.string,
    /** At least 1; several measurements of one outer iteration are spaced evenly between it and the next. */
    iteration: Finite,
    outerIteration: Natural,
    quantity: t.keyof({ violation: null, multiplier: null, penalty: null, epsilon: null }),
    value: Finite,
  }),
  'DualRow',
)
/** One quantity at one measurement. */
export type DualRow = t.TypeOf<typeof DualRow>

/** The rows of a run, by measurement and quantity. */
export const dualRows = ({ name, steps }: Pick<Run, 'name' | 'steps'>): ReadonlyArray<DualRow> => {
  const measured = iterates(steps.map(({ info }) => info))
  const within = new Map<number, number>()
  for (const { outerIteration } of measured) within.set(outerIteration, (within.get(outerIteration) ?? 0) + 1)
  const seen = new Map<number, number>()
  return measured.flatMap(iterate => {
    const { outerIteration } = iterate
    const before = seen.get(outerIteration) ?? 0
    seen.set(outerIteration, before + 1)
    const iteration = outerIteration + before / within.get(outerIteration)!
    return quantities.flatMap(quantity => {
      const value = iterate[quantity]
      return value === null ? [] : [{ run: name, iteration, outerIteration, quantity, value }]
    })
  })
}
