/** How well the gradient was known in each outer iteration, for methods that measure it, and the multiplier κ of the pair. */
import * as t from 'io-ts'
import { Natural, NonNegative } from '../../../core/codec/Codec.js'
import type { Run } from '../Run.js'

export const AccuracyRow = t.readonly(
  t.strict({
    run: t.string,
    /** Counted from 1. */
    iteration: Natural,
    quantity: t.keyof({ signal: null, noise: null, deviation: null, bias: null, multiplier: null }),
    value: NonNegative,
  }),
  'AccuracyRow',
)
/** One quantity of one pair. */
export type AccuracyRow = t.TypeOf<typeof AccuracyRow>

/** The rows of a run; none if its method does not measure the accuracy of its gradient. */
export const accuracyRows = ({ name: run, steps }: Pick<Run, 'name' | 'steps'>): ReadonlyArray<AccuracyRow> =>
  steps
    .flatMap(({ info }) => (info.signal === undefined ? [] : [info]))
    .flatMap(({ signal, noise, deviation, bias, coefficient }, i): ReadonlyArray<AccuracyRow> => {
      const row = (quantity: AccuracyRow['quantity'], value: number | null = null) =>
        value === null ? [] : [{ run, iteration: i + 1, quantity, value }]
      return [
        ...row('signal', signal),
        ...row('noise', noise),
        ...row('deviation', deviation),
        ...row('bias', bias),
        ...row('multiplier', coefficient),
      ]
    })
