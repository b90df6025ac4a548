/**
 * Shows the progress of a run: on a terminal as one line that is updated in place, elsewhere as a new line every few seconds.
 */
import type { Question } from '../../core/protocol/Command.js'
import type { Info } from '../../core/protocol/Info.js'

const figure = (value: number | null): string => (value === null ? '–' : value.toPrecision(4))

const listed = (lambda: ReadonlyArray<number> | null): string =>
  lambda === null
    ? '–'
    : lambda
        .slice(0, 4)
        .map(component => component.toFixed(2))
        .join(', ') + (lambda.length > 4 ? ', …' : '')

const clock = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Seconds left, if the rest runs at the same speed; `null` if too little is done to estimate. */
export const timeLeft = (progress: number, seconds: number): number | null =>
  progress > 0.02 ? (seconds * Math.max(0, 1 - progress)) / progress : null

const activity: Readonly<Record<Question['_tag'], string>> = {
  SolveLowerLevel: 'solving the lower level',
  DescendWeights: 'descending',
  EvaluateLosses: 'evaluating',
  Refit: 'refitting',
}

/** The status of a run in one line. */
export const statusLine = (info: Info, question: Question | null, seconds: number): string => {
  const left = timeLeft(info.progress, seconds)
  const lambda = question === null ? info.lambda : question.lambda
  return [
    `${Math.round(100 * Math.min(1, info.progress))
      .toString()
      .padStart(3)} %`,
    info.phase + (question === null ? '' : `, ${activity[question._tag]}`),
    `λ ${listed(lambda ?? info.lambda)}`,
    `F ${figure(info.upperLoss)}`,
    `f ${figure(info.lowerLoss)}`,
    `violation ${figure(info.violation)}`,
    left === null ? `${clock(seconds)} so far` : `${clock(left)} left`,
  ].join(' · ')
}

/** The part of a stream that is written to. */
export interface Screen {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly write: (text: string) => unknown
}

/** A display for the progress of a run. */
export interface Status {
  /** Shows a line that the next one replaces. The function is called only when an update is due. */
  readonly show: (line: () => string) => void
  /** Writes a line that stays. */
  readonly note: (line: string) => void
  /** Erases the status line. */
  readonly clear: () => void
}

const clearLine = '\r\u001b[2K'

/** Seconds between two updates. */
const intervals = { terminal: 0.1, plain: 5 }

/**
 * A display of a run's progress. It updates its line ten times a second on a terminal, and every 5 seconds elsewhere.
 * `clockSeconds`: any monotonic clock.
 *
 * @example
 * ```ts
 * import { type Screen, status, type Status } from 'bilevel-hpo/shell'
 *
 * const written: string[] = []
 * const screen: Screen = { write: text => written.push(text) }
 * const shown: Status = status(screen, () => 0)
 * shown.show(() => 'outer iteration 3')
 * shown.note('Stored.')
 * written // => ['outer iteration 3\n', 'Stored.\n']
 * ```
 */
export const status = (screen: Screen, clockSeconds: () => number): Status => {
  const live = screen.isTTY === true
  const interval = live ? intervals.terminal : intervals.plain
  let shownAt = -Infinity
  const clear = (): void => {
    if (live) screen.write(clearLine)
  }
  return {
    show: lineOf => {
      const now = clockSeconds()
      if (now - shownAt < interval) return
      shownAt = now
      const line = lineOf()
      screen.write(live ? clearLine + line.slice(0, Math.max(20, (screen.columns ?? 80) - 1)) : `${line}\n`)
    },
    note: line => {
      clear()
      screen.write(`${line}\n`)
    },
    clear,
  }
}
