/**
 * L2 coefficients as weight decay, and the decays of a run whose configuration states its bounds so.
 *
 * With N training examples, f has the penalty exp(λ)·‖w‖²/(4N) of some weights w (`model/families/l2.ts`). Its gradient is
 * exp(λ)/(2N)·w. Weight decay δ, as other programs have it, adds δ·w to the gradient. So δ = exp(λ)/(2N), and λ = ln(2Nδ).
 */
import * as t from 'io-ts'
import type { Header } from '../../core/log/RunLog.js'
import { SearchSpace } from '../../core/protocol/SearchSpace.js'

/** The weight decay of an L2 coefficient exp(λ). */
export const decayAt = (lambda: number, examples: number): number => Math.exp(lambda) / (2 * examples)

/** The λ of a weight decay. */
export const lambdaAt = (decay: number, examples: number): number => Math.log(2 * examples * decay)

/** A weight decay for people, in three digits: `0.12`, `5.00e-4`. */
export const decayText = (decay: number): string =>
  decay === 0 || (decay >= 1e-3 && decay < 1e4)
    ? String(Number(decay.toPrecision(3)))
    : decay.toExponential(2)

const states = (hyperparameters: unknown): boolean =>
  Array.isArray(hyperparameters)
    ? hyperparameters.some(states)
    : t.UnknownRecord.is(hyperparameters) && hyperparameters['weightDecay'] !== undefined

/** Whether a component of λ is the logarithm of an L2 coefficient: `l2`, or `l2[dense1]` of a group of weights. */
const isL2 = (name: string): boolean => /^l2(\[.*\])?$/.test(name)

const Spacious = t.type({ space: SearchSpace })

/** Weight decays by the names of the L2 coefficients. */
export type WeightDecays = Readonly<Record<string, number>>

/**
 * The weight decays at a λ; `null` if no family of the section `hyperparameters` has its bounds as weight decay. `examples`: the
 * number of training examples.
 */
export const decaysIn = (
  hyperparameters: unknown,
  space: SearchSpace,
  examples: number,
): ((lambda: ReadonlyArray<number>) => WeightDecays) | null => {
  if (!states(hyperparameters)) return null
  const coefficients = space.flatMap(({ name }, k) => (isL2(name) ? [{ name, k }] : []))
  return lambda =>
    Object.fromEntries(coefficients.map(({ name, k }) => [name, decayAt(lambda[k] ?? NaN, examples)]))
}

/** {@link decaysIn} for a recorded run. */
export const weightDecaysOf = ({
  problem,
  config,
  data,
}: Pick<Header, 'problem' | 'config' | 'data'>): ReturnType<typeof decaysIn> =>
  Spacious.is(config) ? decaysIn(problem['hyperparameters'], config.space, data.train) : null
