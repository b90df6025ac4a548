/** Which backend computes a problem, loaded as far as the problem needs it. */
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { choose, chooseUnloaded, chooseForNoTensors } from '../backend/chooseBackend.js'
import type { Backend, BackendChoice } from '../backend/Backend.js'
import type { ShellError } from '../base/ShellError.js'
import { isDark } from './gradient/PlacedImages.js'
import type { Problem } from './Problem.js'

/**
 * Dense networks have WebAssembly of their own (denseGradient.ts), and no family that a configuration names makes tensors; one's own
 * may ({@link tensorTerm}), so a problem that is made of no configuration has its backend loaded.
 */
const makesTensors = ({ network, recipe }: Pick<Problem, 'network' | 'recipe'>): boolean =>
  network.dense === null || recipe === undefined

/** The backend of a choice, for a problem. Errors: `Environment` where it, or with `auto` every one, cannot be had. */
export const backendOf = (
  choice: BackendChoice,
  problem: Pick<Problem, 'network' | 'recipe' | 'splits'>,
): TE.TaskEither<ShellError, Backend> => {
  if (makesTensors(problem)) return choose(choice)
  const { train, validation } = problem.splits
  return [train, validation].every(isDark) ? chooseUnloaded(choice) : chooseForNoTensors(choice)
}
