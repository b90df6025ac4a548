/** Keeps the wheel in the user's cache. pip downloads it once; its hash is checked at each use. */
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { cacheFolder, cacheVariable } from '../data/stored/cache.js'
import { group } from '../data/formats/limits.js'
import { messageOf } from '../base/messageOf.js'
import { makeFolders } from '../base/folders.js'
import type { ShellError } from '../base/ShellError.js'
import { failed, failedProgram, type Say } from './failure.js'
import { partialName, removeLeftovers } from './leftovers.js'
import { run } from './process.js'
import type { Words } from './tools.js'
import { sha256Of } from './unpack.js'
import { pipArguments, requirement, type PinnedWheel } from './wheel.js'

/** The path of the wheel in the cache. */
export const wheelPath = ({ file }: PinnedWheel): string => join(cacheFolder(), 'tensorflow', file)

/** What is wrong with a file that should be the wheel, or `null`. Checks the size first, since that is fast. */
export const wheelProblem = (path: string, { bytes, sha256 }: PinnedWheel): string | null => {
  try {
    const found = statSync(path).size
    if (found !== bytes) return `it has ${group(found)} bytes instead of ${group(bytes)}`
    return sha256Of(path) === sha256 ? null : 'its SHA-256 is not the expected one'
  } catch (thrown) {
    return messageOf(thrown)
  }
}

/** The path of a correct wheel in the cache, or `null`. A damaged wheel is reported and removed. */
export const cachedWheel =
  (say: Say) =>
  (wheel: PinnedWheel): string | null => {
    const path = wheelPath(wheel)
    if (!existsSync(path)) return null
    const problem = wheelProblem(path, wheel)
    if (problem === null) return path
    say(`    The cached wheel is damaged (${problem}); it is downloaded again.`)
    rmSync(path, { recursive: true, force: true })
    return null
  }

/** Downloads the wheel into the cache with pip, and returns its path. A failed download leaves nothing behind. */
export const downloadWheel =
  (say: Say) =>
  (wheel: PinnedWheel, [file, ...args]: Words, limitSeconds: number): TE.TaskEither<ShellError, string> =>
  async () => {
    const path = wheelPath(wheel)
    // On the same file system as its final place, so that a rename suffices; pip's temporary files, too.
    const folder = join(dirname(path), partialName())
    const [requirements, temporary] = [join(folder, 'requirements.txt'), join(folder, 'tmp')]
    try {
      removeLeftovers(dirname(path))
      makeFolders(folder)
      mkdirSync(temporary)
      writeFileSync(requirements, requirement(wheel))
      const ended = await run({
        file,
        args: [...args, ...pipArguments(wheel, { requirements, folder })],
        env: { TMPDIR: temporary },
        limitSeconds,
      })()
      if (!ended.ok)
        return E.left(
          failedProgram(say)(
            `pip did not download ${wheel.project} ${wheel.version}`,
            ended,
            "Check the network and pip's index (`pip config list`), and run this again; or download the file " +
              `${wheel.file} in another way, and put it into ${dirname(path)}.`,
          ),
        )
      const problem = wheelProblem(join(folder, wheel.file), wheel)
      if (problem !== null)
        return E.left(
          failed(
            `the wheel ${wheel.file} was refused, because ${problem}`,
            "It was changed on the way or by pip's index, and was not kept; check `pip config list`.",
          ),
        )
      renameSync(join(folder, wheel.file), path)
      return E.right(path)
    } catch (thrown) {
      return E.left(
        failed(
          `the cache cannot be written: ${messageOf(thrown)}`,
          `Make ${dirname(path)} writable, or set ${cacheVariable} to another folder.`,
        ),
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
