import { bilevel, type BilevelConfig, type Command, type Observation } from '../../src/core/index.js'

/** Runs the method until it halts. You supply `answer`: it trains or measures what the question asks for. */
export const tune = async (
  config: BilevelConfig,
  answer: (question: Command.Question) => Promise<Observation.Observation>,
) => {
  let transition = bilevel.init(config)
  const todo = transition._tag === 'Right' ? [...transition.right.commands] : []
  for (let command = todo.shift(); command && transition._tag === 'Right'; command = todo.shift()) {
    if (command._tag === 'ReleaseWeights') continue // the method no longer needs these weights
    transition = bilevel.step(await answer(command))(transition.right.state)
    if (transition._tag === 'Right') todo.push(...transition.right.commands)
  }
  return transition // a Left that says what is wrong, or the last transition, with `info.outcome`
}
