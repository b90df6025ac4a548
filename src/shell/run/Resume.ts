/**
 * Goes on with a run that was interrupted, from what its log says: nothing that was recorded is done again, and on
 * the same backend and versions the log ends up byte for byte as that of an uninterrupted run.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { decode, nullable } from '../../core/protocol/Codec.js'
import { isQuestion, WeightsRef } from '../../core/protocol/Command.js'
import type { Method } from '../../core/protocol/Method.js'
import { sameNumerics } from '../../core/protocol/Numerics.js'
import type { Cursor, Place } from '../../core/protocol/Replay.js'
import type { Header } from '../../core/protocol/RunLog.js'
import { BackendName, choose, type Backend } from '../backend/Backend.js'
import { decodeRunConfig } from '../config/RunConfig.js'
import type { NamedConfig } from '../config/ConfigSource.js'
import type { Problem } from '../problem/Problem.js'
import { folderPersistence, keepOnly, missingFrom, type Persistence } from '../problem/WeightStore.js'
import { badInput, environment, type ShellError } from '../ShellError.js'
import * as Clock from './Clock.js'
import { conduct, finish, stopwatch, type Audience, type Tuned } from './Conduct.js'
import { describeData } from './Fingerprint.js'
import { noLines, past, reopen, type LogEnd } from './LogFile.js'
import { methodNamed, type Methods } from './methods.js'
import { otherNumerics, tornNotice, traverse, withRecordedRun, type RecordedRun } from './RecordedRun.js'
import { checkSummary } from './ReplayRun.js'
import { readIfThere, summaryIn, weightsIn } from './RunFolder.js'
import * as Timings from './Timings.js'
import { problemOf } from './Tune.js'
import { versionsOf } from './Versions.js'

/** Which run, and what is to compute. */
export interface ResumeOptions extends Audience {
  readonly methods: Methods
  /** A run folder, or its `run.jsonl`. */
  readonly target: string
  /** What computes; `null`: what did so far. */
  readonly backend: BackendName | null
}

/** What became of a run that was to be resumed. */
export type Resumed =
  | ({ readonly _tag: 'Ended' } & Tuned)
  /** It had halted before, and all that a run leaves is there. */
  | {
      readonly _tag: 'AlreadyFinished'
      readonly folder: string
      readonly steps: number
      readonly stopReason: string
    }

const noTime: Clock.Times = { seconds: 0, processorSeconds: 0 }

/** What a log says of a run that may go on. */
interface Recalled<S> {
  readonly cursor: Cursor<S>
  readonly timeline: Timings.Timeline
  readonly end: LogEnd
  readonly torn: number | null
  /** Weights that were made and not let go of: those that the method may name again. */
  readonly weights: ReadonlyArray<WeightsRef>
}

const Answer = t.type({ weights: WeightsRef })

/**
 * Weights that answers made and nothing let go of. A release counts once its turn has come, which is when no question
 * that was issued before it is open: its files may be gone already, and if not they are to go.
 */
const needed = <S>(
  made: ReadonlyArray<WeightsRef>,
  released: ReadonlySet<WeightsRef>,
  { todo, transition: { info } }: Cursor<S>,
): ReadonlyArray<WeightsRef> => {
  const first = info.outcome === null ? todo.findIndex(isQuestion) : -1
  const later = first < 0 ? [] : todo.slice(first)
  const pending = new Set(later.flatMap(command => (isQuestion(command) ? [] : command.weights)))
  return made.filter(ref => !released.has(ref) || pending.has(ref))
}

const recall =
  <C, S>(method: Method<C, S>) =>
  (run: RecordedRun): E.Either<ShellError, Recalled<S>> => {
    const infos: Array<Cursor<S>['transition']['info']> = []
    const made: Array<WeightsRef> = []
    const released = new Set<WeightsRef>()
    let end = noLines
    const visit = ({ line, cursor: { records, transition } }: Place<S>): void => {
      end = past(line)(end)
      if (records === 0) return
      infos.push(transition.info)
      const answer = line.value['observation']
      if (Answer.is(answer)) made.push(answer.weights)
      for (const command of transition.commands)
        if (!isQuestion(command)) command.weights.forEach(ref => released.add(ref))
    }
    return pipe(
      run,
      traverse(method)(null, visit),
      E.map(({ cursor, torn }) => {
        const times = Clock.timesOf(run.folder, infos.length)
        return {
          cursor,
          torn,
          end,
          timeline: infos.map((info, step) => Timings.mark(info, times[step] ?? noTime)),
          weights: needed(made, released, cursor),
        }
      }),
    )
  }

const BaseFolder = t.type({ baseFolder: nullable(t.string) })

/** The configuration of the problem, as the header has it. */
const configOf = ({
  path,
  header: { problem, method },
}: RecordedRun): E.Either<ShellError, Pick<NamedConfig, 'config' | 'baseFolder'>> => {
  const source = `in the header of ${path}`
  const { baseFolder, ...sections } = problem
  return pipe(
    E.Do,
    E.bind('base', () =>
      pipe(
        decode(BaseFolder)({ baseFolder }),
        E.mapLeft(problem => badInput(`The configuration ${source} cannot be used: ${problem}.`)),
      ),
    ),
    E.bind('config', () => decodeRunConfig(source)({ ...sections, method: { name: method } })),
    E.map(({ base, config }) => ({ config, baseFolder: base.baseFolder })),
  )
}

/** The backend that is to compute, with a warning where it is not the one that did. */
const backendOf = ({ path, header }: RecordedRun, chosen: BackendName | null, { status }: Audience) =>
  pipe(
    chosen === null ? decode(BackendName)(header.backend) : E.right(chosen),
    E.mapLeft(() =>
      badInput(
        `The run ${path} was recorded with the backend "${header.backend}", which this program does not have. ` +
          'Choose another one with --backend; what follows is then not what an uninterrupted run would have recorded.',
      ),
    ),
    TE.fromEither,
    TE.chain(name =>
      pipe(
        choose(name),
        TE.mapLeft(error =>
          chosen === null
            ? environment(
                `${error.message} The run was recorded with this backend; --backend goes on with another one.`,
              )
            : error,
        ),
      ),
    ),
    TE.map(backend => {
      status.note(backend.oneLine)
      if (backend.name !== header.backend)
        status.note(
          `The run was recorded with ${header.backend} and goes on with ${backend.name}: what follows is not what an ` +
            'uninterrupted run would have recorded.',
        )
      return backend
    }),
  )

/** Versions that are not those of the header, where the backend is. */
const otherVersions = (header: Header, backend: Backend): ReadonlyArray<string> => {
  const now = versionsOf(backend.versions)
  return backend.name !== header.backend
    ? []
    : Object.entries(header.versions).flatMap(([name, version]) =>
        now[name] === version ? [] : [`${name} was ${version}, now ${now[name] ?? 'is not there'}`],
      )
}

const sameData =
  ({ path, header }: RecordedRun) =>
  ({ splits }: Problem): E.Either<ShellError, void> => {
    const { fingerprint, train, validation, test } = describeData(splits)
    const [was, is] = [JSON.stringify(header.data), JSON.stringify({ train, validation, test, fingerprint })]
    return was === is
      ? E.right(undefined)
      : E.left(
          badInput(
            `The data is not what the run was recorded with: by the header of ${path} it is ${was}, but what was loaded is ` +
              `${is}. Restore the files that the header's \`problem.data\` names, or start a new run.`,
          ),
        )
  }

const withoutThem = (folder: string, refs: ReadonlyArray<WeightsRef>): ShellError =>
  badInput(
    `The weights ${refs.join(', ')} are not in ${weightsIn(folder)}, and the run cannot go on without them. Restore ` +
      'the files (<name>.f32) from a copy of the run folder, or start a new run.',
  )

/** What the open questions begin with must be there. */
const startsThere = <S>(
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
const lacking = (folder: string, missing: ReadonlyArray<WeightsRef>): Persistence => {
  const persistence = folderPersistence(weightsIn(folder))
  return {
    ...persistence,
    load: (ref, size) =>
      missing.includes(ref) ? TE.left(withoutThem(folder, [ref])) : persistence.load(ref, size),
  }
}

/** Deletes what nothing needs; a folder that does not let it costs only room. */
const tidy = (folder: string, refs: ReadonlyArray<WeightsRef>): void => {
  E.tryCatch(keepOnly(weightsIn(folder))(refs), () => undefined)
}

/** A run whose method has halted: at most its last files are missing. */
const concluded =
  ({ status }: Audience) =>
  <S>(
    { path, folder, header, size }: RecordedRun,
    { cursor, timeline, weights, end, torn }: Recalled<S>,
    stopReason: string,
  ): TE.TaskEither<ShellError, Resumed> => {
    const { info } = cursor.transition
    const { outcome } = info
    return pipe(
      // Opening cuts off what is torn.
      torn === null
        ? TE.right(undefined)
        : pipe(
            reopen(path)(end, size),
            TE.map(log => log.close()),
          ),
      TE.chainEitherK(() => checkSummary(folder, header, { records: cursor.records, info })),
      TE.chainEitherK(() => readIfThere(summaryIn(folder), 64 * 1024 * 1024)),
      TE.chainEitherKW((summary): E.Either<ShellError, Resumed> => {
        tidy(folder, weights)
        if (summary !== null || outcome === null) {
          Clock.forget(folder)
          return E.right({ _tag: 'AlreadyFinished', folder, steps: cursor.records, stopReason })
        }
        status.note('All steps are recorded; only the summary is to be written.')
        return pipe(
          finish(folder, header, timeline, info, outcome, timeline.at(-1) ?? noTime),
          E.map((tuned): Resumed => ({ _tag: 'Ended', ...tuned })),
        )
      }),
    )
  }

/** A run that has steps before it. */
const continued =
  (options: ResumeOptions) =>
  <C, S>(
    method: Method<C, S>,
    run: RecordedRun,
    recalled: Recalled<S>,
  ): TE.TaskEither<ShellError, Resumed> => {
    const { status } = options
    const { path, folder, header } = run
    const { cursor, timeline, end, weights } = recalled
    const elapsed = stopwatch(timeline.at(-1))
    const missing = missingFrom(weightsIn(folder))(weights)
    return pipe(
      TE.Do,
      TE.bind('named', () => TE.fromEither(configOf(run))),
      TE.chainFirstEitherK(() => startsThere(cursor, folder, missing)),
      TE.bind('backend', () => backendOf(run, options.backend, options)),
      TE.bind('problem', ({ named }) => problemOf(named, status)),
      TE.chainFirstEitherK(({ problem }) => sameData(run)(problem)),
      TE.chain(({ backend, problem }) => {
        const others = otherVersions(header, backend)
        if (others.length > 0)
          status.note(
            `Versions are not those the run was recorded with (${others.join('; ')}): what follows may differ from what an ` +
              'uninterrupted run would have recorded.',
          )
        status.note(`Going on with ${folder} after ${cursor.records} recorded steps.`)
        const log = pipe(
          reopen(path)(end, run.size),
          TE.map(writer => {
            tidy(folder, weights)
            return writer
          }),
        )
        return conduct(options)(method)({
          folder,
          header,
          problem,
          backend,
          persistence: lacking(folder, missing),
          cursor,
          timeline,
          log,
          elapsed,
        })
      }),
      TE.map((tuned): Resumed => ({ _tag: 'Ended', ...tuned })),
    )
  }

/**
 * Resumes a recorded run. A torn last line is dropped; a run that has halted gets the files that it lacks.
 *
 * Errors: `BadInput` where the log cannot be read, the data is other data or weights are missing; `Mismatch` where the
 * log does not replay; and those of any run. Nothing is written before all of this has been looked at.
 */
export const resume = (options: ResumeOptions): TE.TaskEither<ShellError, Resumed> => {
  return pipe(
    // What is known of the run is all read before the file is closed; driving it begins afterwards.
    TE.fromEither(
      withRecordedRun(options.target)(run =>
        pipe(
          sameNumerics(run.header)
            ? methodNamed(options.methods)(run.header.method)
            : E.left(badInput(otherNumerics(run.path, run.header))),
          E.chain(method =>
            method(typed =>
              pipe(
                recall(typed)(run),
                E.map(recalled => {
                  const { torn, cursor } = recalled
                  if (torn !== null) options.status.note(tornNotice(run.path, torn))
                  const { outcome } = cursor.transition.info
                  return cursor.records > 0 && outcome !== null
                    ? concluded(options)(run, recalled, outcome.stopReason)
                    : continued(options)(typed, run, recalled)
                }),
              ),
            ),
          ),
        ),
      ),
    ),
    TE.flatten,
  )
}
