import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { encodeRecord, type LogRecord } from '../../../src/core/log/RunLog.js'
import { drive, start } from '../../../src/shell/record/driver.js'
import { environment } from '../../../src/shell/base/ShellError.js'
import { closedForm } from '../../support/closedForm.js'
import { configOf, left, noHooks, record, right, withFolder } from '../../support/recordedRun.js'
import { sampleAndDescend } from '../../support/sampleAndDescend.js'

const logOf = (folder: string): string => readFileSync(join(folder, 'run.jsonl'), 'utf8')

const records = (folder: string): ReadonlyArray<{ observation: { _tag: string; id: number } | null }> =>
  logOf(folder)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => JSON.parse(line) as { observation: { _tag: string; id: number } | null })

/** A log in memory. */
const inMemory = () => {
  const bodies: Array<string> = []
  return {
    bodies,
    record: ({ step, observation, ...transition }: LogRecord) =>
      TE.fromIO(() => {
        bodies.push(encodeRecord(step, observation, transition))
      }),
  }
}

describe('drive', () => {
  it('ends with the method’s outcome', () =>
    withFolder(async folder => {
      const outcome = right(await record(folder))
      expect(outcome.stopReason).toBe('budget spent')
      expect(outcome.rows[0]?.lowerLevelSolves).toBe(12)
    }))

  it('asks one at a time in the order of issue, and records each answer before the next question', async () => {
    const interpreter = closedForm()
    const log = inMemory()
    const recordsAtQuestion: Array<number> = []
    const hooks = { ...noHooks, onQuestion: () => recordsAtQuestion.push(log.bodies.length) }
    right(
      await drive(sampleAndDescend)({ interpreter, log, hooks })(
        right(start(sampleAndDescend)(configOf())),
      )(),
    )
    const ids = interpreter.asked.map(({ id }) => id)
    expect(ids).toEqual(ids.map((_, i) => i))
    expect(recordsAtQuestion).toEqual(ids.map((_, i) => i + 1))
    expect(log.bodies).toHaveLength(ids.length + 1)
  })

  it('releases the weights that the method releases, and no others', () =>
    withFolder(async folder => {
      const interpreter = closedForm()
      right(await record(folder, {}, interpreter))
      // The best solve of each round is kept, and the earlier best one is released.
      expect(new Set(interpreter.released).size).toBe(interpreter.released.length)
      expect(interpreter.released).toHaveLength(11)
      expect(interpreter.kept.size).toBe(
        interpreter.asked.filter(q => q._tag !== 'EvaluateLosses').length - 11,
      )
    }))

  it('gives the same log bytes for equal seeds, and different logs for different seeds', () =>
    withFolder(a =>
      withFolder(b =>
        withFolder(async c => {
          await record(a)
          await record(b)
          await record(c, { seed: 8 })
          expect(logOf(a)).toBe(logOf(b))
          expect(logOf(a)).not.toBe(logOf(c))
        }),
      ),
    ))

  it('passes failures on to the method, which continues without them', () =>
    withFolder(async folder => {
      const interpreter = closedForm({
        instead: ({ id }) =>
          id === 1
            ? E.right({ _tag: 'CommandFailed', id, reason: 'The training diverged.', effort: 20 })
            : undefined,
      })
      const outcome = right(await record(folder, {}, interpreter))
      expect(outcome.rows[0]?.lowerLevelSolves).toBe(11)
      expect(records(folder)[2]?.observation).toMatchObject({ _tag: 'CommandFailed', id: 1 })
    }))

  it('turns an answer that a log cannot hold into a failure of its command', () =>
    withFolder(async folder => {
      const interpreter = closedForm({
        instead: question =>
          question.id === 2
            ? E.right({
                _tag: 'LowerLevelSolved',
                id: 2,
                upper: NaN,
                lower: 0,
                upperGradient: [0, 0],
                lowerGradient: [0, 0],
                gradientNorm: 0,
                weights: 'w2',
                effort: 70,
                converged: true,
              })
            : undefined,
      })
      right(await record(folder, {}, interpreter))
      expect(records(folder)[3]?.observation).toMatchObject({ _tag: 'CommandFailed', id: 2, effort: 70 })
    }))

  it('stops after the running command on request, with a valid log', () =>
    withFolder(async folder => {
      let count = 0
      const hooks = { ...noHooks, onTransition: () => count++, stopRequested: () => count === 5 }
      const error = left(await record(folder, {}, closedForm(), hooks))
      expect(error._tag).toBe('Interrupted')
      expect(records(folder)).toHaveLength(5)
    }))

  it('continues a stopped run to the log of an uninterrupted run', async () => {
    const whole = inMemory()
    const cursor = right(start(sampleAndDescend)(configOf()))
    right(await drive(sampleAndDescend)({ interpreter: closedForm(), log: whole, hooks: noHooks })(cursor)())
    const parts = inMemory()
    const interpreter = closedForm()
    // The cursor of a stopped run, recorded by a wrapped method.
    let at = cursor
    const stopAt = { ...noHooks, stopRequested: () => parts.bodies.length === 7 }
    left(await drive(sampleAndDescend)({ interpreter, log: parts, hooks: stopAt })(at)())
    const { follow, recorded } = await import('../../../src/core/log/Replay.js')
    at = recorded(at)
    for (const body of parts.bodies.slice(1)) {
      const { observation } = JSON.parse(body) as { observation: Parameters<typeof sampleAndDescend.step>[0] }
      at = right(follow(sampleAndDescend)(observation)(at))
    }
    right(await drive(sampleAndDescend)({ interpreter, log: parts, hooks: noHooks })(at)())
    expect(parts.bodies).toEqual(whole.bodies)
  })

  it('ends with the error of an interpreter that cannot continue', () =>
    withFolder(async folder => {
      const broken = { ...closedForm(), answer: () => TE.left(environment('The backend is gone.')) }
      expect(left(await record(folder, {}, broken))).toEqual(environment('The backend is gone.'))
      expect(records(folder)).toHaveLength(1)
    }))

  it('ends with a message if a method refuses an answer, or issues no command', async () => {
    const cursor = right(start(sampleAndDescend)(configOf()))
    const wrong = closedForm({
      instead: ({ id }) => E.right({ _tag: 'CommandFailed', id: id + 100, reason: 'none', effort: 0 }),
    })
    const refused = await drive(sampleAndDescend)({ interpreter: wrong, log: inMemory(), hooks: noHooks })(
      cursor,
    )()
    expect(left(refused).message).toContain('No open command has the id 100')
    const idle = { ...cursor, todo: [] }
    const stuck = await drive(sampleAndDescend)({
      interpreter: closedForm(),
      log: inMemory(),
      hooks: noHooks,
    })(idle)()
    expect(left(stuck).message).toContain('neither halted nor asked')
  })

  it('refuses a configuration that the method cannot start from', () => {
    const error = left(start(sampleAndDescend)(configOf({ space: [] })))
    expect(error).toMatchObject({ _tag: 'BadInput' })
    expect(error.message).toContain('`space`')
  })

  it('runs tens of thousands of steps without keeping them in memory', async () => {
    const log = { record: () => TE.right(undefined) }
    const result = await pipe(
      TE.fromEither(start(sampleAndDescend)(configOf({ rounds: 6000, solves: 1, steps: 1 }))),
      TE.chain(drive(sampleAndDescend)({ interpreter: closedForm(), log, hooks: noHooks })),
    )()
    expect(right(result).rows[0]?.lowerLevelSolves).toBe(6000)
  })
})
