/** Finds the run folders for a report: the given ones, and those within given folders. */
import { messageOf } from '../base/messageOf.js'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { logIn } from '../record/RunFolder.js'
import { badInput, environment, type ShellError } from '../base/ShellError.js'

/** A run to read, and its name in the report. */
export interface Named {
  readonly target: string
  readonly name: string
}

/** The most runs of a report, enough for the methods × seeds of a comparison; a larger report would be unreadable. */
export const mostRuns = 500
/** The depth of the search below a given folder. */
const depth = 4

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** The run folders within a folder, sorted by name. Symbolic links are not followed. */
const within = (folder: string, levels: number, room: number): ReadonlyArray<string> => {
  if (isFile(logIn(folder))) return [folder]
  if (levels === 0) return []
  const found: Array<string> = []
  for (const name of readdirSync(folder).sort()) {
    if (found.length > room) break
    const path = join(folder, name)
    if (lstatSync(path).isDirectory()) found.push(...within(path, levels - 1, room - found.length))
  }
  return found
}

/** Unique names: as few last components of each path as are necessary. */
const namesOf = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const parts = paths.map(path => resolve(path).split(/[\\/]/))
  const last = (count: number): ReadonlyArray<string> => parts.map(part => part.slice(-count).join('/'))
  const longest = Math.max(1, ...parts.map(part => part.length))
  const enough = Array.from({ length: longest }, (_, i) => i + 1).find(
    count => new Set(last(count)).size === paths.length,
  )
  return last(enough ?? longest)
}

const noRun = (target: string): ShellError =>
  badInput(
    `There is no recorded run in ${target}: neither it nor a folder in it holds a run.jsonl. Name a run folder, ` +
      'or a folder of run folders.',
  )

/**
 * The runs of some targets: run folders, logs, or folders of run folders. Errors: `BadInput` if a target holds no run, or
 * if there are too many runs; `Environment` if a folder cannot be read.
 */
export const findRuns = (
  targets: ReadonlyArray<string>,
): E.Either<ShellError, readonly [Named, ...ReadonlyArray<Named>]> =>
  pipe(
    E.tryCatch(
      () =>
        targets.map(target => ({
          target,
          // Any other target should be a log; reading it reports what is wrong.
          runs:
            statSync(target, { throwIfNoEntry: false })?.isDirectory() === true
              ? within(target, depth, mostRuns)
              : [target],
        })),
      error => environment(`The runs cannot be listed (${messageOf(error)}). Make the folders readable.`),
    ),
    E.chain(found => {
      const empty = found.find(({ runs }) => runs.length === 0)
      if (empty !== undefined) return E.left(noRun(empty.target))
      const all = new Map(found.flatMap(({ runs }) => runs).map(path => [resolve(path), path]))
      const paths = [...all.values()]
      const names = namesOf(paths.map(path => (basename(path) === 'run.jsonl' ? resolve(path, '..') : path)))
      const [first, ...rest] = paths.map((path, i) => ({ target: path, name: names[i]! }))
      if (first === undefined) return E.left(badInput('No run was named. Name one or more run folders.'))
      return paths.length > mostRuns
        ? E.left(
            badInput(`More than ${mostRuns} runs were found, the limit of a report. Name fewer folders.`),
          )
        : E.right([first, ...rest])
    }),
  )
