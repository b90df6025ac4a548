/**
 * Restores the problem and backend of an interrupted run from its header, and compares backend, versions and data with those
 * of the recording. It refuses other data, and warns of another backend or version.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { decode, nullable } from '../../core/codec/Codec.js'
import type { Header } from '../../core/log/RunLog.js'
import { BackendName, type Backend } from '../backend/Backend.js'
import type { NamedConfig } from '../config/configSource.js'
import { decodeRecorded } from '../config/RunConfig.js'
import * as BackendOf from '../train/backendOf.js'
import type { Problem } from '../train/Problem.js'
import { badInput, environment, type ShellError } from '../base/ShellError.js'
import type { Audience } from './conduct.js'
import { describeData } from './describeData.js'
import type { RecordedRun } from '../record/RecordedRun.js'
import { versionsOf } from '../record/versions.js'

const BaseFolder = t.type({ baseFolder: nullable(t.string) })

/** Refuses a log of `recordRun`, whose interpreter only its own program has. */
export const byThisProgram = ({ path, header: { problem } }: RecordedRun): E.Either<ShellError, void> =>
  Object.hasOwn(problem, 'baseFolder')
    ? E.right(undefined)
    : E.left(
        badInput(
          `${path} was recorded by a program that trains by its own code (\`recordRun\`): its header names no network and no ` +
            'data, so this command cannot continue it. Start that program again: `recordRun` continues the log where it ends.',
        ),
      )

/** The configuration of the problem in the header. */
export const configOf = ({
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
    E.bind('config', () => decodeRecorded(source)({ ...sections, method: { name: method } })),
    E.map(({ base, config }) => ({ config, baseFolder: base.baseFolder })),
  )
}

/** The backend for the resumed run. Warns if it is not that of the recorded run. */
export const backendOf = (
  { path, header }: RecordedRun,
  problem: Problem,
  chosen: BackendName | null,
  { status }: Audience,
): TE.TaskEither<ShellError, Backend> =>
  pipe(
    chosen === null ? decode(BackendName)(header.backend) : E.right(chosen),
    E.mapLeft(() =>
      badInput(
        `The run ${path} was recorded with the backend "${header.backend}", which this program does not have. ` +
          'Choose another one with --backend; the new steps then differ from those of an uninterrupted run.',
      ),
    ),
    TE.fromEither,
    TE.chain(name =>
      pipe(
        BackendOf.backendOf(name, problem),
        TE.mapLeft(error =>
          chosen === null
            ? environment(
                `${error.message} The run was recorded with this backend. Choose another one with --backend.`,
              )
            : error,
        ),
      ),
    ),
    TE.map(backend => {
      status.note(backend.oneLine)
      if (backend.name !== header.backend)
        status.note(
          `The run was recorded with ${header.backend} and continues with ${backend.name}: the new steps differ from those of ` +
            'an uninterrupted run.',
        )
      return backend
    }),
  )

/** The versions that differ from the header's; empty if the backend differs. */
export const otherVersions = (header: Header, backend: Backend): ReadonlyArray<string> => {
  const now = versionsOf(header.method, backend.versions)
  return backend.name !== header.backend
    ? []
    : Object.entries(header.versions).flatMap(([name, version]) =>
        now[name] === version ? [] : [`${name} was ${version}, now ${now[name] ?? 'missing'}`],
      )
}

/** Refuses data that differs from the data of the recorded run. */
export const sameData =
  ({ path, header }: RecordedRun) =>
  ({ splits }: Problem): E.Either<ShellError, void> => {
    const { scale, standardised, ...data } = describeData(splits)
    // Older headers have no scale; the fingerprint covers the scaled pixels.
    const found = {
      ...data,
      ...(header.data.scale === undefined ? {} : { scale }),
      ...(standardised === undefined ? {} : { standardised }),
    }
    const [was, is] = [JSON.stringify(header.data), JSON.stringify(found)]
    return was === is
      ? E.right(undefined)
      : E.left(
          badInput(
            `The data has changed since the run was recorded: the header of ${path} has ${was}, but the loaded data is ` +
              `${is}. Restore the files that the header's \`problem.data\` names, or start a new run.`,
          ),
        )
  }
