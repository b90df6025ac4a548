/** The status line of a comparison. */
import { timeLeft } from '../run/statusLine.js'
import type { Job } from './result/Plan.js'

/** A run in progress. */
export interface AtWork {
  readonly job: Job
  /** The run's own estimate, in [0, 1]. */
  readonly progress: number
  readonly phase: string
}

/** The data of the status line. */
export interface Overview {
  /** The number of runs of the plan. */
  readonly total: number
  /** The number of runs that had finished before this process started. */
  readonly before: number
  readonly finished: number
  readonly failed: number
  readonly atWork: ReadonlyArray<AtWork>
  readonly seconds: number
}

const clock = (seconds: number): string => {
  const minutes = Math.round(seconds / 60)
  if (seconds < 90) return `${Math.round(seconds)} s`
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Such as `7 of 25 runs · bilevel seed 1 42 %, random seed 1 13 % · about 12 min left`. */
export const overviewLine = ({ total, before, finished, failed, atWork, seconds }: Overview): string => {
  const ended = finished + failed
  const here = total - before
  const begun = atWork.reduce((sum, { progress }) => sum + Math.min(1, progress), 0)
  const left = here > 0 ? timeLeft((ended - before + begun) / here, seconds) : null
  return [
    `${ended} of ${total} runs${failed === 0 ? '' : ` (${failed} failed)`}`,
    atWork
      .map(
        ({ job, progress }) => `${job.label} seed ${job.seed} ${Math.round(100 * Math.min(1, progress))} %`,
      )
      .join(', '),
    left === null ? `${clock(seconds)} so far` : `about ${clock(left)} left`,
  ]
    .filter(part => part !== '')
    .join(' · ')
}
