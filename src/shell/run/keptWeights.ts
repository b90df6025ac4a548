/** The weights that a run's folder holds, when the run goes on: those it needs, those it lacks, those it can lose. */
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { WeightsRef } from '../../core/protocol/Command.js'
import type { Cursor } from '../../core/log/Replay.js'
import { folderPersistence, keepOnly, type Persistence } from '../train/WeightStore.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { weightsIn } from '../record/RunFolder.js'

const withoutThem = (folder: string, refs: ReadonlyArray<WeightsRef>): ShellError =>
  badInput(
    `The weights ${refs.join(', ')} are not in ${weightsIn(folder)}, and the run cannot go on without them. Restore ` +
      'the files (<name>.f32) from a copy of the run folder, or start a new run.',
  )

/** What the open questions begin with must be there. */
export const startsThere = <S>(
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
  const lacking = missing.filter(ref => named.includes(ref))
  return lacking.length === 0 ? E.right(undefined) : E.left(withoutThem(folder, lacking))
}

/**
 * The weights of a folder that lacks some which the log says there are: of a run whose log was cut after it had ended,
 * say. To ask for one of them ends the run; its absence must never pass for a command that failed.
 */
export const lacking = (folder: string, missing: ReadonlyArray<WeightsRef>): Persistence => {
  const persistence = folderPersistence(weightsIn(folder))
  return {
    ...persistence,
    load: (ref, size) =>
      missing.includes(ref) ? TE.left(withoutThem(folder, [ref])) : persistence.load(ref, size),
  }
}

/** Deletes what nothing needs; a folder that does not let it costs only room. */
export const tidy = (folder: string, refs: ReadonlyArray<WeightsRef>): void => {
  E.tryCatch(keepOnly(weightsIn(folder))(refs), () => undefined)
}
