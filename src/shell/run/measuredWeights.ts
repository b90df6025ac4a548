/**
 * Checks the weights of a run of an older version, whose files have no checksum: it measures them, and compares the losses with
 * those in the log.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend } from '../backend/Backend.js'
import type { ShellError } from '../base/ShellError.js'
import type { Recorded } from '../record/recall.js'
import { weightsIn } from '../record/RunFolder.js'
import * as WeightFile from '../record/WeightFile.js'
import { gradientOf } from '../train/gradient/gradientOf.js'
import * as Losses from '../train/Losses.js'
import { lossesAt } from '../train/Measurement.js'
import { pausesOf, type Aborted } from '../train/Pauses.js'
import type { Problem } from '../train/Problem.js'
import { folderPersistence } from '../train/WeightStore.js'

/** Another backend sums in another order, in float32. Damage that matters changes a loss by more. */
const tolerance = { relative: 1e-3, absolute: 1e-6 } as const

/** A loss that the log has, and the same loss of the weights in the file. */
interface Measured {
  readonly name: string
  readonly recorded: number
  readonly found: number
}

/** Whether a found loss is the recorded one. A loss that is not a number is not. */
const agrees = ({ recorded, found }: Measured): boolean =>
  Math.abs(found - recorded) <= tolerance.absolute + tolerance.relative * Math.abs(recorded)

/** Measures what the log has of some weights. */
const measured =
  (context: Losses.TrainingContext, problem: Problem, { lambda, answer }: Recorded) =>
  (weights: Float32Array): TE.TaskEither<Aborted, ReadonlyArray<Measured>> => {
    switch (answer._tag) {
      case 'LowerLevelSolved':
      case 'WeightsDescended': {
        const { lower, upper } = lossesAt(problem, lambda)
        return pipe(
          TE.Do,
          TE.bind('lower', () => () => Losses.value(context)(lower)(weights)),
          TE.bind('upper', () => () => Losses.value(context)(upper)(weights)),
          TE.map(found => [
            { name: 'lower', recorded: answer.lower, found: found.lower },
            { name: 'upper', recorded: answer.upper, found: found.upper },
          ]),
        )
      }
      case 'Refitted':
        return pipe(
          () => Losses.metrics(context)(problem.splits.train)(weights),
          TE.map(({ loss }) => [
            { name: 'metrics.train.loss', recorded: answer.metrics.train.loss, found: loss },
          ]),
        )
      case 'LossesEvaluated':
      case 'CommandFailed':
        return TE.right([])
    }
  }

const differs = (path: string, { name, recorded, found }: Measured): ShellError =>
  WeightFile.refused(
    path,
    `its weights have a loss \`${name}\` of ${found.toPrecision(6)}, and the run log says ${recorded.toPrecision(6)}. It is ` +
      'damaged, or belongs to another run',
  )

/**
 * Refuses weights whose losses are not as recorded. Weights whose files are missing are left out. Errors: `Environment`, which
 * names the file.
 */
export const measuredAsRecorded =
  (backend: Backend, problem: Problem, folder: string) =>
  (unsealed: ReadonlyArray<Recorded>): TE.TaskEither<ShellError, unknown> => {
    if (unsealed.length === 0) return TE.right(undefined)
    const { train, validation } = problem.splits
    const context: Losses.TrainingContext = {
      gradient: gradientOf(backend, problem.network, [train, validation]),
      chunkSize: problem.solver.chunkSize,
      pauses: pausesOf(null),
    }
    const persistence = folderPersistence(weightsIn(folder))
    const check = (recorded: Recorded): TE.TaskEither<ShellError, unknown> =>
      pipe(
        persistence.load(recorded.ref, problem.network.size),
        TE.chain(
          O.match(
            () => TE.right<ShellError, ReadonlyArray<Measured>>([]),
            weights =>
              pipe(
                measured(context, problem, recorded)(weights),
                // Nothing aborts these short measurements.
                TE.orElse(() => TE.right<ShellError, ReadonlyArray<Measured>>([])),
              ),
          ),
        ),
        TE.chain(all => {
          const other = all.find(one => !agrees(one))
          return other === undefined
            ? TE.right(undefined)
            : TE.left(differs(WeightFile.pathIn(weightsIn(folder))(recorded.ref), other))
        }),
      )
    return TE.traverseSeqArray(check)(unsealed)
  }
