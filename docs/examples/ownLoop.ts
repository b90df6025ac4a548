import * as E from 'fp-ts/lib/Either.js'
import { bilevel, type Command, decode, type Observation } from '../../src/core/index.js'

// Your part: a model and its losses. Here it is one weight w. Training pulls w to 3, validation to 2; exp(λ)·w² shrinks w.
const lower = (theta: number, w: number) => ({
  loss: (w - 3) ** 2 + theta * w * w,
  slope: 2 * (w - 3) + 2 * theta * w,
})
const upper = (w: number) => ({ loss: (w - 2) ** 2, slope: 2 * (w - 2) })

/** Answers the method's questions by gradient descent. It stores the weights; the method only names them. */
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
    // The objective is upperShare·F + lowerShare·f. A refit trains on both data sets, so it takes both losses.
    const [upperShare, lowerShare] =
      question._tag === 'DescendWeights'
        ? [question.upperCoefficient, question.lowerCoefficient]
        : [question._tag === 'Refit' ? 1 : 0, 1]
    const slope = (w: number) => upperShare * upper(w).slope + lowerShare * lower(theta, w).slope
    const rate = 0.5 / (Math.abs(upperShare) + Math.abs(lowerShare) * (1 + theta)) // 1/curvature
    const done = (w: number) => 'tolerance' in question && Math.abs(slope(w)) <= question.tolerance
    const maxSteps =
      question._tag === 'EvaluateLosses' ? 0 : 'steps' in question ? question.steps : question.maxEpochs
    let effort = 0
    for (; effort < maxSteps && !done(w); effort++) w -= rate * slope(w)

    const of = (loss: number) => ({ loss, accuracy: null })
    const metrics = { train: of((w - 3) ** 2), validation: of(upper(w).loss), test: null }
    if (question._tag === 'EvaluateLosses') return { _tag: 'LossesEvaluated', id, metrics }
    weights.set(`w${id}`, w)
    if (question._tag === 'Refit') return { _tag: 'Refitted', id, metrics, weights: `w${id}`, effort }
    const gradients = { upperGradient: [0], lowerGradient: [theta * w * w] } // ∂F/∂λ and ∂f/∂λ at fixed w
    const gradientNorm = Math.abs(lower(theta, w).slope)
    const losses = { upper: upper(w).loss, lower: lower(theta, w).loss, ...gradients, gradientNorm }
    return question._tag === 'SolveLowerLevel'
      ? { _tag: 'LowerLevelSolved', id, ...losses, weights: `w${id}`, effort, converged: done(w) }
      : { _tag: 'WeightsDescended', id, ...losses, weights: `w${id}`, effort }
  }

  return { answer, release: (names: readonly string[]) => names.forEach(name => weights.delete(name)) }
}

/** λ lies in [−6, 4], so exp(λ) lies between e⁻⁶ and e⁴. Every other option has its default. */
export const config = decode(bilevel.config)({
  space: [{ name: 'shrinkage', lower: -6, upper: 4, scale: 'log' }],
  pair: { batchSize: null },
})

/** The loop: take the method's commands, answer each question, pass the answer to `step`. */
export const run = () => {
  const { answer, release } = trainer()
  if (E.isLeft(config)) throw new Error(config.left)
  let transition = bilevel.init(config.right)
  const open: Command.Question[] = []
  while (E.isRight(transition)) {
    for (const command of transition.right.commands) {
      if (command._tag === 'ReleaseWeights') release(command.weights)
      else open.push(command) // answer these in any order, or several at once
    }
    const next = open.shift()
    if (next === undefined) return transition.right.info.outcome // the method has halted
    transition = bilevel.step(answer(next))(transition.right.state)
  }
  throw new Error(transition.left.message) // the method refused the answer
}
