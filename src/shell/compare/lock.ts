/** One process at a time works on a comparison's folder. */
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { badInput, environment, type ShellError } from '../base/ShellError.js'

const lockIn = (folder: string): string => join(folder, 'compare.lock')

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // A process of somebody else's cannot be signalled, and is there.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}

const codeOf = (cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined

/** Takes the folder, which must be there. Right: what gives it back. Errors: `BadInput` where another process has it. */
export const lock = (folder: string): E.Either<ShellError, () => void> => {
  const path = lockIn(folder)
  const take = (): E.Either<unknown, () => void> =>
    E.tryCatch(
      () => {
        fs.writeFileSync(path, `${process.pid}\n`, { flag: 'wx' })
        return () => fs.rmSync(path, { force: true })
      },
      cause => cause,
    )
  return pipe(
    take(),
    E.orElse(cause => {
      if (codeOf(cause) !== 'EEXIST') return E.left(cause)
      const text = pipe(
        E.tryCatch(
          () => fs.readFileSync(path, 'utf8'),
          () => '',
        ),
        E.getOrElse(() => ''),
      )
      const owner = /^\d{1,10}\n$/.test(text) ? Number(text) : 0
      if (owner > 0 && owner !== process.pid && isAlive(owner))
        return E.left(
          badInput(
            `Process ${owner} is at work on the comparison in ${folder}. Wait for it or stop it; if it is no comparison, ` +
              `remove ${path}.`,
          ),
        )
      // Its owner was killed.
      fs.rmSync(path, { force: true })
      return take()
    }),
    E.mapLeft(cause =>
      typeof cause === 'object' && cause !== null && '_tag' in cause
        ? (cause as ShellError)
        : environment(
            `${path} cannot be written (${cause instanceof Error ? cause.message : String(cause)}). Make the folder ` +
              'writable, or choose another one with --out.',
          ),
    ),
  )
}
