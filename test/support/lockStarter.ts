/**
 * A process that asks for the lock of a folder at a given instant, holds it for a while and releases it. It answers
 * each message. lockRounds.ts starts it and chooses the module of the lock.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type * as Lock from '../../src/shell/compare/lock.js'

/** Ask for the lock of `folder` at the instant `at` of Date.now(), and hold it for so many milliseconds. */
export interface Order {
  readonly folder: string
  readonly at: number
  readonly hold: number
}

/** The time span for which the starter had the lock, or the reason why it did not. */
export type Answer = { readonly from: number; readonly to: number } | { readonly refusal: string }

const { lock } = (await import(process.argv[2]!)) as typeof Lock

const carryOut = async ({ folder, at, hold }: Order): Promise<Answer> => {
  await sleep(Math.max(0, at - Date.now() - 5))
  // Timers are late by a millisecond or more, so spin for the rest.
  while (Date.now() < at);
  const taken = await lock(folder)()
  if (taken._tag === 'Left') return { refusal: taken.left.message }
  const from = Date.now()
  await sleep(hold)
  const to = Date.now()
  taken.right()
  return { from, to }
}

process.on('message', order => {
  void carryOut(order as Order).then(answer => process.send!(answer))
})
process.send!('ready')
