import * as E from 'fp-ts/lib/Either.js'
import { bilevel, type Command, decode, type Observation } from '../../src/core/index.js'

// Yours: a model and its losses. Here one weight w; training says 3, validation 2; exp(λ)·w² shrinks w.
const lower = (theta: number, w: number) => ({
  loss: (w - 3) ** 2 + theta * w * w,
  slope: 2 * (w - 3) + 2 * theta * w,
})
const upper = (w: number) => ({ loss: (w - 2) ** 2, slope: 2 * (w - 2) })

/** Answers the method's questions by gradient descent. It keeps the weights; the method only names them. */
export const trainer = () => {
  const weights = new Map([['initial', 0]])

  const answer = (question: Command.Question): Observation.Observation => {
    const { id, lambda } = question
    const theta = Math.exp(lambda[0] ?? 0)
    const start =
      question._tag === 'Refit' ? 'initial' : 'from' in question ? question.from : question.weights
    let w = weights.get(start)
    if (w === undefined)
      return { _tag: 'CommandFailed', id, reason: `No weights called ${start}.`, effort: 0 }
    // What to descend on: F·upper + f·lower. A refit is on the data of both.
    const [F, f] =
      question._tag === 'DescendWeights'
        ? [question.upperCoefficient, question.lowerCoefficient]
        : [question._tag === 'Refit' ? 1 : 0, 1]
    const slope = (at: number) => F * upper(at).slope + f * lower(theta, at).slope
    const rate = 0.5 / (Math.abs(F) + Math.abs(f) * (1 + theta)) // 1/curvature
    const done = (at: number) => 'tolerance' in question && Math.abs(slope(at)) <= question.tolerance
    const most =
      question._tag === 'EvaluateLosses' ? 0 : 'steps' in question ? question.steps : question.maxEpochs
    let effort = 0
    for (; effort < most && !done(w); effort++) w -= rate * slope(w)

    const of = (loss: number) => ({ loss, accuracy: null })
    const metrics = { train: of((w - 3) ** 2), validation: of(upper(w).loss), test: null }
    if (question._tag === 'EvaluateLosses') return { _tag: 'LossesEvaluated', id, metrics }
    weights.set(`w${id}`, w)
    if (question._tag === 'Refit') return { _tag: 'Refitted', id, metrics, weights: `w${id}`, effort }
    const gradients = { upperGradient: [0], lowerGradient: [theta * w * w] } // by λ, at fixed w
    const gradientNorm = Math.abs(lower(theta, w).slope)
    const losses = { upper: upper(w).loss, lower: lower(theta, w).loss, ...gradients, gradientNorm }
    return question._tag === 'SolveLowerLevel'
      ? { _tag: 'LowerLevelSolved', id, ...losses, weights: `w${id}`, effort, converged: done(w) }
      : { _tag: 'WeightsDescended', id, ...losses, weights: `w${id}`, effort }
  }

  return { answer, release: (names: readonly string[]) => names.forEach(name => weights.delete(name)) }
}

/** λ may be anything from e⁻⁶ to e⁴; every other option has its default. */
export const config = decode(bilevel.config)({
  space: [{ name: 'shrinkage', lower: -6, upper: 4, scale: 'log' }],
  pair: { batchSize: null },
})

/** The loop: ask what the method wants, answer it, tell it. */
export const run = () => {
  const { answer, release } = trainer()
  if (E.isLeft(config)) throw new Error(config.left)
  let at = bilevel.init(config.right)
  const open: Command.Question[] = []
  while (E.isRight(at)) {
    for (const command of at.right.commands) {
      if (command._tag === 'ReleaseWeights') release(command.weights)
      else open.push(command) // to be answered in any order, or at once by several workers
    }
    const next = open.shift()
    if (next === undefined) return at.right.info.outcome // halted
    at = bilevel.step(answer(next))(at.right.state)
  }
  throw new Error(at.left.message) // an answer that the method cannot take
}
