/**
 * Notes when each step of an unfinished run was recorded, so that a resumed run can add up its times. If the file is missing
 * or damaged, only `timings.json` gets less precise.
 */
import * as fs from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Json from 'fp-ts/lib/Json.js'
import * as t from 'io-ts'
import { Natural, NonNegative } from '../../core/codec/Codec.js'
import { clockIn, readIfThere } from './RunFolder.js'

/** Times since a run began. */
export interface Times {
  readonly seconds: number
  /** Processor time of all threads. */
  readonly processorSeconds: number
}

/** The times at the start of a run. */
export const begin: Times = { seconds: 0, processorSeconds: 0 }

const Tick = t.intersection([
  t.type({ step: Natural, seconds: NonNegative }),
  // Runs of older versions lack this field.
  t.partial({ processorSeconds: NonNegative }),
])

const ignore = (): void => undefined

/** Notes when a step was recorded. */
export const tick = (folder: string, step: number, { seconds, processorSeconds }: Times): void => {
  // The newline comes first, because the previous line may have been cut.
  E.tryCatch(
    () => fs.appendFileSync(clockIn(folder), `\n${JSON.stringify({ step, seconds, processorSeconds })}`),
    ignore,
  )
}

/** Times from the start of the run to each of its first `steps` steps. They never decrease. */
export const timesOf = (folder: string, steps: number): ReadonlyArray<Times> => {
  const noted = new Map<number, Partial<Times>>()
  const text = pipe(
    readIfThere(clockIn(folder), 64 * 1024 * 1024),
    E.getOrElseW(() => null),
  )
  for (const line of (text ?? '').split('\n')) {
    const read = pipe(
      Json.parse(line),
      E.chainW(value => Tick.decode(value)),
    )
    if (E.isRight(read)) noted.set(read.right.step, read.right)
  }
  let last = begin
  return Array.from({ length: steps }, (_, step) => {
    const { seconds = 0, processorSeconds = 0 } = noted.get(step) ?? {}
    return (last = {
      seconds: Math.max(last.seconds, seconds),
      processorSeconds: Math.max(last.processorSeconds, processorSeconds),
    })
  })
}

/** Deletes the file, once `timings.json` contains its data. */
export const forget = (folder: string): void => {
  E.tryCatch(() => fs.rmSync(clockIn(folder), { force: true }), ignore)
}
