/**
 * Several processes ask for the lock of one folder at the same instant, round after round. They are started once and
 * ordered again in each round, so all of them run when the instant comes.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Answer, Order } from './lockStarter.js'

/** Results of all rounds. */
export interface Rounds {
  /** Rounds in which two starters had the lock at the same time. */
  readonly shared: number
  /** Rounds in which no starter got the lock. */
  readonly unowned: number
  /** Rounds that left a file behind in the folder. */
  readonly leftBehind: number
  /** Milliseconds from the instant to the first owner, in the slowest round that had one. */
  readonly slowest: number
  /** The messages to refused starters, with # for each number. */
  readonly refusals: ReadonlySet<string>
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

const bundled = (entry: string, outfile: string) =>
  build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  })

const anHourAgo = (): number => Date.now() / 1000 - 3600

/** The message without the parts that differ between rounds. */
const withoutDetails = (message: string, folder: string): string =>
  message.replaceAll(folder, '…').replaceAll(/\d+/g, '#')

const ask = async (starter: ChildProcess, order: Order): Promise<Answer> => {
  const answer = once(starter, 'message')
  starter.send(order)
  return ((await answer) as [Answer])[0]
}

/** Processes that use the lock of a module, by default that of a comparison. They live while `use` runs. */
export const withStarters = async <A>(
  count: number,
  use: (starters: ReadonlyArray<ChildProcess>) => Promise<A>,
  module = path('../../src/shell/compare/lock.ts'),
): Promise<A> => {
  const cache = path(`../../node_modules/.cache/bilevel-test/lock-${process.pid}-${Date.now()}`)
  const [starter, lock] = [join(cache, 'starter.mjs'), join(cache, 'lock.mjs')]
  await Promise.all([bundled(path('lockStarter.ts'), starter), bundled(module, lock)])
  const starters = Array.from({ length: count }, () => fork(starter, [lock]))
  try {
    await Promise.all(starters.map(child => once(child, 'message')))
    return await use(starters)
  } finally {
    starters.forEach(child => child.kill('SIGKILL'))
    rmSync(cache, { recursive: true, force: true })
  }
}

/** Kills a starter while it owns the folder. The files that it leaves stay there. */
export const killOwner = async (starter: ChildProcess, folder: string): Promise<void> => {
  const before = readdirSync(folder).length
  starter.send({ folder, at: 0, hold: 60_000 } satisfies Order)
  while (readdirSync(folder).length === before) await sleep(1)
  await sleep(20)
  const gone = once(starter, 'exit')
  starter.kill('SIGKILL')
  await gone
}

/**
 * Rounds of all starters, each in its own folder. A folder starts empty, or with a copy of `leftovers`, an hour old.
 */
export const rounds = async (
  starters: ReadonlyArray<ChildProcess>,
  count: number,
  leftovers: string | null,
): Promise<Rounds> => {
  const all = mkdtempSync(join(tmpdir(), 'bilevel-lock-'))
  const result = { shared: 0, unowned: 0, leftBehind: 0, slowest: 0, refusals: new Set<string>() }
  try {
    for (let round = 0; round < count; round++) {
      const folder = join(all, `${round}`)
      if (leftovers === null) mkdirSync(folder)
      else {
        cpSync(leftovers, folder, { recursive: true })
        readdirSync(folder).forEach(name => utimesSync(join(folder, name), anHourAgo(), anHourAgo()))
      }
      const at = Date.now() + 15
      const answers = await Promise.all(starters.map(starter => ask(starter, { folder, at, hold: 30 })))
      const owners = answers
        .flatMap(answer => ('from' in answer ? [answer] : []))
        .sort((a, b) => a.from - b.from)
      answers.forEach(
        answer => 'refusal' in answer && result.refusals.add(withoutDetails(answer.refusal, folder)),
      )
      if (owners.some(({ from }, i) => i > 0 && from < owners[i - 1]!.to)) result.shared++
      if (owners.length === 0) result.unowned++
      else result.slowest = Math.max(result.slowest, owners[0]!.from - at)
      if (readdirSync(folder).length > 0) result.leftBehind++
      rmSync(folder, { recursive: true })
    }
    return result
  } finally {
    rmSync(all, { recursive: true, force: true })
  }
}
