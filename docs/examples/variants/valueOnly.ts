import { Bilevel, Parts } from '../../../src/core/index.js'

const { surrogate } = Parts.defaults

/** A Gaussian process over the values of φ alone, as in the paper. It drops ∂f/∂λ, which is ∇φ at a solution. */
export const values: typeof surrogate = {
  ...surrogate,
  observe: sample => surrogate.observe({ ...sample, gradient: null }),
}

export const valueOnly = Bilevel.make({ name: 'value-only', surrogate: values })
