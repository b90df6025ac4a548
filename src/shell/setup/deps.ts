/**
 * Fills tfjs-node's folder `deps` from the wheel. The folder is replaced in one step, and a note in it names the wheel.
 */
import { mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { group } from '../data/formats/limits.js'
import { messageOf } from '../base/messageOf.js'
import type { ShellError } from '../base/ShellError.js'
import { failed } from './failure.js'
import { jsonIn } from './jsonIn.js'
import { partialName, removeLeftovers } from './leftovers.js'
import { layoutVersion, planOf, type Layout } from './Layout.js'
import { membersOf, unpack } from './unpack.js'
import type { PinnedWheel } from './wheel.js'

const Note = t.type({ sha256: t.string, layout: t.number })
const noteName = 'bilevel-hpo.json'

/** Whether `deps` is complete and was unpacked from exactly this wheel. */
export const isLaidOut = (folder: string, { sha256 }: PinnedWheel): boolean => {
  const note = Note.decode(jsonIn(join(folder, 'deps', noteName)))
  return E.isRight(note) && note.right.sha256 === sha256 && note.right.layout === layoutVersion
}

const free = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Unpacks the wheel at `path` into the package's `deps` and replaces its contents. The caller has checked the hash. */
export const layOut = (
  folder: string,
  path: string,
  { file, sha256 }: PinnedWheel,
): E.Either<ShellError, Layout> => {
  const partial = join(folder, partialName())
  try {
    removeLeftovers(folder)
    const planned = planOf(membersOf(path))
    if (E.isLeft(planned))
      return E.left(failed(`the wheel ${file} is not as expected: ${planned.left}`, 'Please report this.'))
    const layout = planned.right
    if (free(folder) < layout.bytes)
      return E.left(
        failed(
          `${folder} needs ${group(layout.bytes)} free bytes, and has only ${group(free(folder))}`,
          'Free some space there and run this again.',
        ),
      )
    mkdirSync(partial)
    unpack(path, layout, partial)
    writeFileSync(join(partial, noteName), JSON.stringify({ sha256, layout: layoutVersion }))
    rmSync(join(folder, 'deps'), { recursive: true, force: true })
    renameSync(partial, join(folder, 'deps'))
    return E.right(layout)
  } catch (thrown) {
    return E.left(
      failed(
        `libtensorflow could not be unpacked: ${messageOf(thrown)}`,
        'Correct this and run the setup again.',
      ),
    )
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}
