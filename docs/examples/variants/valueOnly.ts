import { Bilevel, Parts } from '../../../src/core/index.js'

const { surrogate } = Parts.defaults

/** A Gaussian process over φ alone, as in the paper: it is not told that ∂f/∂λ at a solution is ∇φ. */
export const values: typeof surrogate = {
  ...surrogate,
  observe: sample => surrogate.observe({ ...sample, gradient: null }),
}

export const valueOnly = Bilevel.make({ name: 'value-only', surrogate: values })
