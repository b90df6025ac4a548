/**
 * One process at a time works on a comparison's folder.
 *
 * A process that wants the folder puts a mark there, a file whose name says who it is and since when. Then it
 * looks for other marks of living processes:
 *
 * - There is none: the process owns the folder. Its mark stays until it gives the folder back.
 * - There is an earlier one: the process takes its mark away, and is refused.
 * - There are later ones only: these are about to see this mark and to leave, or one of them looked before the mark was
 *   there and is the owner. The process looks again for a while, and is refused if they stay.
 *
 * Two processes cannot both own the folder: each has put its mark before it looked, so the one that looked last saw the
 * mark of the other. Marks of dead processes are taken away by whoever sees them. No two marks ever have the same
 * name, so that nobody can take away a new mark in the belief that it is the old one; a single lock file has that fault
 * whether it is recognised as stale by a process number or by its age.
 *
 * A process of this system is dead where its number is free. Processes of another machine or container cannot be asked;
 * they touch their marks every few seconds, and are dead once a mark is a minute old. Ages are measured against a mark of
 * our own, by the clock of the file system.
 *
 * Libraries were looked at first. `proper-lockfile` (4.1.2 of 2021, the one in wide use) tells a stale lock by its age and
 * removes whatever is there by then. Three processes that started at one instant in the folder of a killed owner had two
 * owners in 30 of 400 rounds, and none in 5; a start has to wait ten seconds after a kill. With these marks there were
 * two owners in no round, one in each, and no wait (test/bench/lockRounds.ts). Locks of the operating system need a native
 * module in Node.
 */
import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { badInput, environment, type ShellError } from '../base/ShellError.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'

/** Milliseconds between two signs of life. */
const beat = 5_000
/** The age in milliseconds at which the mark of a process that cannot be asked is a dead one's. */
const silence = 60_000
/** For how long a process looks whether later ones leave, and how often, in milliseconds. */
const patience = { total: 2_000, between: 10 } as const

/** What a mark's name says. Names sort by their time. */
interface Mark {
  readonly name: string
  readonly pid: number
  /** Processes of one host and system have numbers in common. */
  readonly host: string
  readonly system: string
}

const pattern = /^compare\.\d{15}\.(\d+)\.([\w-]+)\.(.+)\.lock$/

/** Whether a file of this name is a mark. */
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

/** What containers and boots of one machine differ by, where there is Linux: a number is another process's in each. */
const system = [
  readOr('any', () => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)),
  readOr('any', () => fs.readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')),
].join('-')

/** Letters, digits and dots; only to be compared and shown. */
const host = hostname().replaceAll(/[^\w.-]/g, '_') || 'unnamed'

/** The marks of this process. Another one with its number is left from a dead process that had it before. */
const held = new Set<string>()

/** The time in the latest name. */
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
    // A process of another user cannot be signalled, and runs.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}

const touchedAt = (path: string): number => fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity

/** Marks of living processes other than `mine`, the earliest first. Takes those of dead ones away. */
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
      ? `Process ${by.pid} is at work on the comparison in ${folder}. Wait for it or stop it; if it is no comparison, ` +
          `remove ${join(folder, by.name)}.`
      : `Process ${by.pid} of ${by.host} is at work on the comparison in ${folder}: it gave a sign of life less than a ` +
          'minute ago. Wait for it or stop it there; if it was killed, the folder is free a minute after its last sign.',
  )

/** Puts a mark into the folder, and touches it until the mark is taken away by what is returned. */
const put = (folder: string, mark: Mark): (() => void) => {
  const path = join(folder, mark.name)
  fs.writeFileSync(path, '\n', { flag: 'wx' })
  held.add(path)
  // Written to, and not given a time: so the time is the file system's. A mark that is gone is not made again.
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
 * Takes the folder, which must be there. Right: what gives it back. Errors: `BadInput` where another process has it,
 * `Environment` where no mark can be put there.
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
