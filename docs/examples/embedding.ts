import { bilevel, type BilevelConfig, type Command, type Observation } from '../../src/core/index.js'

/** Runs the method to its end. `answer` is yours: it trains, or measures, what a question asks for. */
export const tune = async (
  config: BilevelConfig,
  answer: (question: Command.Question) => Promise<Observation.Observation>,
) => {
  let at = bilevel.init(config)
  const todo = at._tag === 'Right' ? [...at.right.commands] : []
  for (let command = todo.shift(); command && at._tag === 'Right'; command = todo.shift()) {
    if (command._tag === 'ReleaseWeights') continue // these weights may be forgotten
    at = bilevel.step(await answer(command))(at.right.state)
    if (at._tag === 'Right') todo.push(...at.right.commands)
  }
  return at // a fault that says what is wrong, or the last transition with its `info.outcome`
}
