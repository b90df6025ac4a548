/**
 * Locks a comparison's folder, so that only one process works on it at a time.
 *
 * A process that wants the folder creates a mark in it: a file whose name holds its process id, host and time. Then it looks
 * for marks of other living processes:
 *
 * - If there is none, the process owns the folder. Its mark stays until it releases the folder.
 * - If there is an earlier mark, the process deletes its own mark and is refused.
 * - If there are only later marks, their processes will see this mark and leave, or one of them looked before this mark
 *   existed and is the owner. The process looks again for a while, and is refused if they stay.
 *
 * Two processes cannot both own the folder: each creates its mark before it looks, so the one that looks last sees the mark of
 * the other. Every process deletes the marks of dead processes that it sees. Mark names are unique, so no process can delete a
 * new mark by mistake for an old one. A single lock file has that fault, whether a process id or its age shows that it is
 * stale.
 *
 * A process on this system is dead if its id is not in use. Processes of other machines or containers cannot be checked that
 * way. They touch their marks every few seconds and count as dead once a mark is a minute old. Ages are measured against a
 * mark of our own, by the clock of the file system.
 *
 * Why not a library: `proper-lockfile` (4.1.2 of 2021, the widely used one) recognises a stale lock by its age and removes
 * whatever lock exists at that moment. Three processes that started at one instant in the folder of a killed owner had two
 * owners in 30 of 400 rounds, and no owner in 5; and a start must wait ten seconds after a kill. With these marks every round
 * had exactly one owner, without a wait (test/bench/lockRounds.ts). Locks of the operating system need a native module in
 * Node.
 */
import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { badInput, environment, type ShellError } from '../base/ShellError.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'

/** Milliseconds between two touches of a mark. */
const beat = 5_000
/** The age in milliseconds at which a mark of another system counts as dead. */
const silence = 60_000
/** How long a process waits for later marks to go, and how often it looks, in milliseconds. */
const patience = { total: 2_000, between: 10 } as const

/** The parts of a mark's name. Names sort by time. */
interface Mark {
  readonly name: string
  readonly pid: number
  /** Process ids are only comparable within one host and system. */
  readonly host: string
  readonly system: string
}

const pattern = /^compare\.\d{15}\.(\d+)\.([\w-]+)\.(.+)\.lock$/

/** Whether a file with this name is a mark. */
export const isMark = (name: string): boolean => pattern.test(name)

const parse = (name: string): Mark | null => {
  const [, pid, system, host] = pattern.exec(name) ?? []
  return pid === undefined || system === undefined || host === undefined
    ? null
    : { name, pid: Number(pid), system, host }
}

const readOr = (otherwise: string, read: () => string): string =>
  pipe(
    E.tryCatch(read, () => otherwise),
    E.getOrElse(() => otherwise),
  )

/** On Linux, identifies the boot and the container: each has its own process ids. */
const system = [
  readOr('any', () => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)),
  readOr('any', () => fs.readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')),
].join('-')

/** The host name, reduced to characters that are safe in a file name. */
const host = hostname().replaceAll(/[^\w.-]/g, '_') || 'unnamed'

/** The marks of this process. Any other mark with its id is from a dead process that had the same id. */
const held = new Set<string>()

/** The time in the latest name. Times must differ, because names must be unique. */
let latest = 0

const newMark = (): Mark => {
  latest = Math.max(Date.now(), latest + 1)
  const { pid } = process
  return { name: `compare.${`${latest}`.padStart(15, '0')}.${pid}.${system}.${host}.lock`, pid, host, system }
}

const isHere = (mark: Mark): boolean => mark.host === host && mark.system === system

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // EPERM: the process runs, but belongs to another user.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}

const touchedAt = (path: string): number => fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity

/** The marks of living processes other than `mine`, earliest first. Deletes the marks of dead processes. */
const others = (folder: string, mine: Mark): ReadonlyArray<Mark> => {
  const touchedMine = touchedAt(join(folder, mine.name))
  return fs
    .readdirSync(folder)
    .sort()
    .flatMap(name => parse(name) ?? [])
    .filter(mark => {
      if (mark.name === mine.name) return false
      const path = join(folder, mark.name)
      const isAlive = !isHere(mark)
        ? touchedMine - touchedAt(path) < silence
        : mark.pid === process.pid
          ? held.has(path)
          : isRunning(mark.pid)
      if (!isAlive) fs.rmSync(path, { force: true })
      return isAlive
    })
}

const refused = (folder: string, by: Mark): ShellError =>
  badInput(
    isHere(by)
      ? `Process ${by.pid} is at work on the comparison in ${folder}. Wait for it or stop it. If it is not a comparison, ` +
          `remove ${join(folder, by.name)}.`
      : `Process ${by.pid} of ${by.host} is at work on the comparison in ${folder}: it touched its lock less than a ` +
          'minute ago. Wait for it or stop it there. If it was killed, try again in a minute.',
  )

/** Creates a mark in the folder and touches it regularly. The returned function deletes it. */
const put = (folder: string, mark: Mark): (() => void) => {
  const path = join(folder, mark.name)
  fs.writeFileSync(path, '\n', { flag: 'wx' })
  held.add(path)
  // Writing sets the time by the file system's clock. The flag keeps a deleted mark from being created again.
  const touch = (): void => fs.writeFile(path, '\n', { flag: 'r+' }, () => undefined)
  const touching = setInterval(touch, beat).unref()
  const takeAway = (): void => {
    clearInterval(touching)
    process.off('exit', takeAway)
    held.delete(path)
    fs.rmSync(path, { force: true })
  }
  process.on('exit', takeAway)
  return takeAway
}

/**
 * Locks an existing folder. Right: a function that releases it. Errors: `BadInput` if another process has it, `Environment`
 * if no mark can be created.
 */
export const lock =
  (folder: string): TE.TaskEither<ShellError, () => void> =>
  async () => {
    const mine = newMark()
    let takeAway: (() => void) | null = null
    try {
      takeAway = put(folder, mine)
      const until = performance.now() + patience.total
      for (;;) {
        const [first] = others(folder, mine)
        if (first === undefined) return E.right(takeAway)
        if (first.name < mine.name || performance.now() > until) {
          takeAway()
          return E.left(refused(folder, first))
        }
        await sleep(patience.between)
      }
    } catch (cause) {
      takeAway?.()
      return E.left(
        environment(
          `The lock of ${folder} cannot be written (${cause instanceof Error ? cause.message : String(cause)}). Make the ` +
            'folder writable, or choose another one with --out.',
        ),
      )
    }
  }
