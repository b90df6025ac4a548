/**
 * The cache folder, which keeps fetched files. Each file is complete or absent: it is written under a temporary name and
 * then renamed. A file is used only if its SHA-256 is as expected.
 *
 * Files are not flushed to the disk before the rename. So a crash of the machine may leave a file of zeros; the next
 * reading detects it by its hash, and fetches the file again.
 */
import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import type { IO } from 'fp-ts/lib/IO.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { makeFolders } from '../../base/folders.js'
import { environment, type ShellError } from '../../base/ShellError.js'
import { codeOf } from '../formats/readInput.js'
import { messageOf } from '../../base/messageOf.js'

/** The environment variable that names another cache folder. */
export const cacheVariable = 'BILEVEL_CACHE'

/** The user's cache folder: `$BILEVEL_CACHE`, or the platform's folder for caches. */
export const cacheFolder: IO<string> = () => {
  const chosen = process.env[cacheVariable]
  return chosen === undefined || chosen === ''
    ? envPaths('bilevel-hpo', { suffix: '' }).cache
    : resolve(chosen)
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Reads a file of exactly `size` bytes; for tens of MB, `readFile` takes twice as long. */
const readExactly = async (path: string, size: number): Promise<Uint8Array> => {
  const file = await open(path)
  try {
    const bytes = Buffer.allocUnsafe(size)
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, size - at, at)
      if (bytesRead === 0) throw new Error(`it ends after ${at} bytes instead of ${size}`)
      at += bytesRead
    }
    return bytes
  } finally {
    await file.close()
  }
}

/** The state of a cached file. `Corrupt` also means that the file exists but cannot be read. */
export type Cached =
  | { readonly _tag: 'Absent' }
  | { readonly _tag: 'Whole'; readonly bytes: Uint8Array }
  | { readonly _tag: 'Corrupt'; readonly problem: string }

/** Reads and verifies the file at `path`. Never fails, since an unreadable file can be fetched again. */
export const readVerified = (
  path: string,
  expected: { readonly bytes: number; readonly sha256: string },
): T.Task<Cached> => {
  const read = async (): Promise<Cached> => {
    try {
      // Check the size before reading: a wrong file may be very large.
      const { size } = await stat(path)
      if (size !== expected.bytes)
        return { _tag: 'Corrupt', problem: `it has ${size} bytes instead of ${expected.bytes}` }
      const bytes = await readExactly(path, size)
      return sha256(bytes) === expected.sha256
        ? { _tag: 'Whole', bytes }
        : { _tag: 'Corrupt', problem: 'its SHA-256 is not the expected one' }
    } catch (thrown) {
      return ['ENOENT', 'ENOTDIR'].includes(codeOf(thrown))
        ? { _tag: 'Absent' }
        : { _tag: 'Corrupt', problem: messageOf(thrown) }
    }
  }
  return read
}

/** Writes a file atomically, and creates its folder if necessary. */
export const writeAtomically = (path: string, bytes: Uint8Array): TE.TaskEither<ShellError, void> => {
  // In the same folder, since a rename is atomic only within one file system.
  const temporary = join(dirname(path), `.${process.pid}-${randomUUID()}.partial`)
  return TE.tryCatch(
    async () => {
      try {
        makeFolders(dirname(path))
        await writeFile(temporary, bytes, { flag: 'wx' })
        await rename(temporary, path)
      } catch (thrown) {
        await rm(temporary, { force: true }).catch(() => undefined)
        throw thrown
      }
    },
    thrown =>
      environment(
        `The data cache cannot be written: ${messageOf(thrown)}. Make the folder "${dirname(path)}" writable, free some ` +
          `space there, or set the environment variable ${cacheVariable} to another folder.`,
      ),
  )
}

/** Whether a folder is writable. If it does not exist yet, its nearest existing ancestor decides. */
export const isWritable = (folder: string): T.Task<boolean> => {
  const check = async (path: string): Promise<boolean> => {
    try {
      if (!(await stat(path)).isDirectory()) return false
      await access(path, constants.W_OK | constants.X_OK)
      return true
    } catch (thrown) {
      return codeOf(thrown) === 'ENOENT' && dirname(path) !== path ? check(dirname(path)) : false
    }
  }
  return () => check(resolve(folder))
}
