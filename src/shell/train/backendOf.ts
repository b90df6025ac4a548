/** Chooses the backend for a problem. Loads it only if the problem needs it. */
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { choose, chooseUnloaded, chooseForNoTensors } from '../backend/chooseBackend.js'
import type { Backend, BackendChoice } from '../backend/Backend.js'
import type { ShellError } from '../base/ShellError.js'
import { isDark } from './gradient/PlacedImages.js'
import type { Problem } from './Problem.js'

/**
 * Whether a problem may create tensors, and so needs a loaded backend. Dense networks, and those with convolutions, run on our
 * own WebAssembly (gradientOf.ts), and the built-in families create no tensors. User-defined families may
 * ({@link tensorTerm}); a problem that was not made from a configuration may contain one.
 */
const makesTensors = ({ network, recipe }: Pick<Problem, 'network' | 'recipe'>): boolean =>
  (network.dense === null && network.convolutional === null) || recipe === undefined

/** The backend of a choice, for a problem. Errors: `Environment` if it cannot be loaded; with `auto`, if no backend can. */
export const backendOf = (
  choice: BackendChoice,
  problem: Pick<Problem, 'network' | 'recipe' | 'splits'>,
): TE.TaskEither<ShellError, Backend> => {
  if (makesTensors(problem)) return choose(choice)
  const { train, validation } = problem.splits
  // Libtensorflow is faster only for dense networks on bright images.
  return problem.network.dense === null || [train, validation].every(isDark)
    ? chooseUnloaded(choice)
    : chooseForNoTensors(choice)
}
