/**
 * The folder of a run: `run.jsonl`, `summary.json`, `timings.json`, `weights/`. It is checked before anything is computed, and
 * created only when there is something to write.
 */
import { messageOf } from '../base/messageOf.js'
import * as fs from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { makeFolders, syncFolder } from '../base/folders.js'
import { badInput, environment, type ShellError } from '../base/ShellError.js'
import { hasNoHeader, removeDrafts } from './newLog.js'

export const logIn = (folder: string): string => join(folder, 'run.jsonl')
export const summaryIn = (folder: string): string => join(folder, 'summary.json')
export const timingsIn = (folder: string): string => join(folder, 'timings.json')
export const weightsIn = (folder: string): string => join(folder, 'weights')
/** When each step was recorded. The file exists only while a run is unfinished. */
export const clockIn = (folder: string): string => join(folder, 'clock.jsonl')

const own = ['run.jsonl', 'summary.json', 'timings.json', 'clock.jsonl', 'weights']

/** The default folder of a run: `runs/<name>-<seed>`, with a number appended if it exists already. */
export const defaultFolder = (name: string, seed: number): string => {
  const base = join('runs', `${basename(name).replace(/[^\w.-]+/g, '-')}-${seed}`)
  const nth = (n: number): string => (n === 1 ? base : `${base}.${n}`)
  const next = (n: number): string => (fs.existsSync(nth(n)) ? next(n + 1) : nth(n))
  return next(1)
}

const cannotUse = (folder: string, reason: string): ShellError =>
  badInput(
    `The output folder ${folder} cannot be written: ${reason}. Choose another one with --out, or make this one writable.`,
  )

const nearestExisting = (path: string): string =>
  fs.existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path))

/**
 * Right if a run may be written there: nothing is recorded in the folder, although a run may have been killed there as it began.
 * Creates nothing.
 */
export const available = (folder: string): E.Either<ShellError, void> => {
  const there = nearestExisting(resolve(folder))
  const taken = own.find(
    name => fs.existsSync(join(folder, name)) && !(name === 'run.jsonl' && hasNoHeader(logIn(folder))),
  )
  if (taken !== undefined)
    return E.left(
      badInput(
        `The output folder ${folder} already holds a run (${join(folder, taken)} exists), and a run is never ` +
          'overwritten. Choose another folder with --out, or remove this one.',
      ),
    )
  return pipe(
    E.tryCatch(
      () => {
        if (!fs.statSync(there).isDirectory())
          return E.left(cannotUse(folder, `${there} is a file, not a folder`))
        fs.accessSync(there, fs.constants.W_OK | fs.constants.X_OK)
        return E.right(undefined)
      },
      error => cannotUse(folder, messageOf(error)),
    ),
    E.flatten,
  )
}

/** Deletes the files of a run that recorded no step. */
export const clear = (folder: string): E.Either<ShellError, void> =>
  E.tryCatch(
    () => {
      own.forEach(name => fs.rmSync(join(folder, name), { recursive: true, force: true }))
      removeDrafts(logIn(folder))
    },
    error => cannotUse(folder, messageOf(error)),
  )

/** Creates the folder. */
export const make = (folder: string): E.Either<ShellError, void> =>
  pipe(
    available(folder),
    E.chain(() =>
      E.tryCatch(
        () => makeFolders(folder),
        error => cannotUse(folder, messageOf(error)),
      ),
    ),
  )

/** Writes a file atomically: it exists with all its content, or not at all. */
export const writeWhole =
  (path: string) =>
  (content: string): E.Either<ShellError, void> =>
    E.tryCatch(
      () => {
        const draft = `${path}.part`
        const file = fs.openSync(draft, 'w')
        fs.writeFileSync(file, content)
        fs.fsyncSync(file)
        fs.closeSync(file)
        fs.renameSync(draft, path)
        syncFolder(dirname(path))
      },
      error =>
        environment(
          `${path} cannot be written (${messageOf(error)}). The run log beside it is complete. Free some space, then resume ` +
            'the run.',
        ),
    )

/** The content of a file; `null` if the file does not exist. */
export const readIfThere = (path: string, maxBytes: number): E.Either<ShellError, string | null> =>
  pipe(
    E.tryCatch(
      () => {
        if (!fs.existsSync(path)) return E.right(null)
        const stats = fs.statSync(path)
        // Opening a pipe would block until another process writes to it.
        if (!stats.isFile())
          return E.left(badInput(`${path} is not a regular file, so no run wrote it. Move it away.`))
        if (stats.size > maxBytes)
          return E.left(
            badInput(`${path} is larger than ${maxBytes} bytes, so no run wrote it. Move it away.`),
          )
        return E.right(fs.readFileSync(path, 'utf8'))
      },
      error =>
        environment(`${path} cannot be read (${messageOf(error)}). Make it readable, or move it away.`),
    ),
    E.flatten,
  )
