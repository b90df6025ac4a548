/**
 * Watches the pace of a download: one that is silent, that drips, or that brings more than was asked for is stopped.
 *
 * The size of every download is pinned, and the slowest pace is stated. So no download lasts longer than its size at that pace.
 */
import { group } from '../formats/limits.js'

/** What a download may do. */
export interface PaceLimits {
  /** The longest silence, in milliseconds, from the first request on. It is also the span over which the pace is measured. */
  readonly silenceMs: number
  /** The fewest bytes a second, on average over that span. A telephone modem is faster. */
  readonly bytesPerSecond: number
  /** The silence after which a person is told, in milliseconds. */
  readonly noticeMs: number
}

export const paceLimits: PaceLimits = { silenceMs: 60_000, bytesPerSecond: 4096, noticeMs: 10_000 }

/** Why a download was stopped. `code` is like those of the system's errors. */
export class TooSlow extends Error {
  readonly code = 'ESTALLED'
}
export class TooLarge extends Error {
  readonly code = 'ETOOLARGE'
}

/** A watch over one download. */
export interface Pace {
  /** The bytes that have arrived so far. */
  readonly arrived: (total: number) => void
  /** Ends the watch. */
  readonly end: () => void
}

const seconds = (milliseconds: number): string => `${Number((milliseconds / 1000).toPrecision(3))} s`

/** Starts a watch. `stop` is called once, with the reason; `notice` once in each silence that lasts. */
export const watch = (
  { silenceMs, bytesPerSecond, noticeMs }: PaceLimits,
  pinned: number,
  stop: (reason: Error) => void,
  notice: (silentMs: number) => void,
): Pace => {
  let [total, before] = [0, 0]
  const timers = new Set<NodeJS.Timeout>()
  const end = (): void => {
    timers.forEach(clearTimeout)
    timers.clear()
  }
  const halt = (reason: Error): void => {
    end()
    stop(reason)
  }
  const silence = setTimeout(() => halt(new TooSlow(`nothing arrived for ${seconds(silenceMs)}`)), silenceMs)
  const word = setTimeout(() => notice(noticeMs), noticeMs)
  const least = Math.ceil((bytesPerSecond * silenceMs) / 1000)
  // The wait for the first byte is silence, and not a slow pace.
  const measure = (): NodeJS.Timeout =>
    setInterval(() => {
      const came = total - before
      before = total
      if (came < least)
        halt(
          new TooSlow(
            `${group(came)} bytes arrived in ${seconds(silenceMs)}, fewer than ${group(bytesPerSecond)} a second`,
          ),
        )
    }, silenceMs)
  timers.add(silence).add(word)
  return {
    arrived: now => {
      if (timers.size === 0) return
      if (timers.size === 2) timers.add(measure())
      total = now
      silence.refresh()
      word.refresh()
      if (now > pinned) halt(new TooLarge(`it is larger than the expected ${group(pinned)} bytes`))
    },
    end,
  }
}
