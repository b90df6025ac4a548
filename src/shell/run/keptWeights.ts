/** Handles the weights in the folder of a resumed run: refuses missing and damaged ones, deletes those that are not needed. */
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { WeightsRef } from '../../core/protocol/Command.js'
import type { Cursor } from '../../core/log/Replay.js'
import { folderPersistence, keepOnly, type Persistence } from '../train/WeightStore.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import type { RunId } from '../record/WeightFile.js'
import { weightsIn } from '../record/RunFolder.js'

const missingWeights = (folder: string, refs: ReadonlyArray<WeightsRef>): ShellError =>
  badInput(
    `The weights ${refs.join(', ')} are missing in ${weightsIn(folder)}, so the run cannot be resumed. Restore ` +
      'the files (<name>.f32) from a copy of the run folder, or start a new run.',
  )

/** Checks that the weights that open questions name exist. */
export const openWeightsExist = <S>(
  { todo }: Cursor<S>,
  folder: string,
  missing: ReadonlyArray<WeightsRef>,
): E.Either<ShellError, void> => {
  const named = todo.flatMap(command =>
    command._tag === 'SolveLowerLevel' || command._tag === 'DescendWeights'
      ? [command.from]
      : command._tag === 'EvaluateLosses'
        ? [command.weights]
        : [],
  )
  const needed = missing.filter(ref => named.includes(ref))
  return needed.length === 0 ? E.right(undefined) : E.left(missingWeights(folder, needed))
}

/**
 * The weights of a folder in which some are missing that the log names, for example because the log was cut after the run had
 * ended. Loading one of these ends the run: it must not count as a failed command.
 */
export const persistenceWithMissing = (
  folder: string,
  run: RunId,
  missing: ReadonlyArray<WeightsRef>,
): Persistence => {
  const persistence = folderPersistence(weightsIn(folder), run)
  return {
    ...persistence,
    load: (ref, size) =>
      missing.includes(ref) ? TE.left(missingWeights(folder, [ref])) : persistence.load(ref, size),
  }
}

/** Deletes weights that are not needed. Errors are ignored: the files only take up disk space. */
export const tidy = (folder: string, refs: ReadonlyArray<WeightsRef>): void => {
  E.tryCatch(keepOnly(weightsIn(folder))(refs), () => undefined)
}
