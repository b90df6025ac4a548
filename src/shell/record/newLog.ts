/**
 * Creates the file of a log so that it is there with its whole header, or not at all.
 *
 * The header is written under another name, flushed, and then linked to the log's name. A link fails where the name exists, so of two
 * processes only one creates the log. The name of the draft is unique, because two processes may write at once.
 */
import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { format } from '../../core/log/RunLog.js'
import { syncFolder } from '../base/folders.js'

const draftOf = (path: string): string => `${path}.${randomUUID()}.part`

/** Whether a file is a draft of the log with this name. */
export const isDraft = (log: string, name: string): boolean =>
  name.startsWith(`${log}.`) && /^[0-9a-f-]{36}\.part$/.test(name.slice(log.length + 1))

/** Deletes the drafts that killed processes left beside a log. If one stays, it only takes up disk space. */
export const removeDrafts = (path: string): void => {
  try {
    for (const name of fs.readdirSync(dirname(path)))
      if (isDraft(basename(path), name)) fs.rmSync(join(dirname(path), name), { force: true })
  } catch {
    // See above.
  }
}

/** The longest header that is looked at: a log's first line is shorter. */
const longest = 2 ** 24

const opening = `{"format":"${format}"`

/**
 * Whether a file is the beginning of a log's header, without its end. Versions that did not link their logs left such a file, often
 * empty, if they were killed as they began. It holds no step.
 */
export const hasNoHeader = (path: string): boolean => {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stats?.isFile() !== true || stats.size > longest) return false
  const text = fs.readFileSync(path, 'latin1')
  return !text.includes('\n') && (opening.startsWith(text) || text.startsWith(opening))
}

const isTaken = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'

/** Gives a draft the log's name. Throws if the name is taken. */
const publish = (draft: string, path: string): void => {
  try {
    fs.linkSync(draft, path)
  } catch (cause) {
    // Some file systems have no links. There a rename takes the place of the link, after a look.
    if (isTaken(cause) || fs.existsSync(path)) throw cause
    fs.renameSync(draft, path)
  }
}

/** Deletes a log without a header. It is moved away first, because another process may replace it at the same moment. */
const discard = (path: string): void => {
  const aside = draftOf(path)
  fs.renameSync(path, aside)
  try {
    if (!hasNoHeader(aside)) publish(aside, path)
  } finally {
    fs.rmSync(aside, { force: true })
  }
}

/**
 * Creates a file with this text, and returns it open for appending. Throws if it exists, unless it is a log without a header: that one
 * is replaced.
 */
export const createWhole = (path: string, text: string): number => {
  if (hasNoHeader(path)) discard(path)
  const draft = draftOf(path)
  const file = fs.openSync(draft, 'wx')
  try {
    fs.writeFileSync(file, text)
    fs.fsyncSync(file)
    publish(draft, path)
  } catch (cause) {
    fs.closeSync(file)
    throw cause
  } finally {
    fs.rmSync(draft, { force: true })
  }
  syncFolder(dirname(path))
  removeDrafts(path)
  return file
}
