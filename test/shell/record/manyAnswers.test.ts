/** A driver whose interpreter runs several commands at once writes the same log as with one at a time. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { describe, expect, it } from 'vitest'
import type { Question } from '../../../src/core/protocol/Command.js'
import type { Interpreter } from '../../../src/shell/record/Interpreter.js'
import { environment } from '../../../src/shell/base/ShellError.js'
import { closedForm } from '../../support/closedForm.js'
import { left, noHooks, record, right, withFolder } from '../../support/recordedRun.js'

const logOf = (folder: string): string => readFileSync(join(folder, 'run.jsonl'), 'utf8')

/** Answers in closed form, several at once, each after some turns of the event loop. */
const slow = (atOnce: number, turns: (question: Question) => number) => {
  const inner = closedForm()
  const atWork = new Set<number>()
  let most = 0
  const finished: Array<number> = []
  const interpreter: Interpreter = {
    ...inner,
    atOnce,
    answer: question => async () => {
      atWork.add(question.id)
      most = Math.max(most, atWork.size)
      for (let i = 0; i < turns(question); i++) await new Promise(resolve => setImmediate(resolve))
      atWork.delete(question.id)
      finished.push(question.id)
      return inner.answer(question)()
    },
  }
  return { interpreter, finished, most: () => most, released: inner.released }
}

describe('several commands at once', () => {
  it('give the log of one at a time, in any order of answers', () =>
    withFolder(async reference => {
      right(await record(reference))
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 2, max: 6 }),
          fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 40, maxLength: 40 }),
          (atOnce, turns) =>
            withFolder(async folder => {
              const crew = slow(atOnce, ({ id }) => turns[id % 40]!)
              right(await record(folder, {}, crew.interpreter))
              expect(logOf(folder)).toBe(logOf(reference))
              expect(crew.most()).toBeLessThanOrEqual(atOnce)
            }),
        ),
        cases(30),
      )
    }))

  it('run at the same time', () =>
    withFolder(async folder => {
      const crew = slow(3, ({ id }) => (id % 2 === 0 ? 8 : 1))
      right(await record(folder, {}, crew.interpreter))
      expect(crew.most()).toBe(3)
      expect(crew.finished).not.toEqual([...crew.finished].sort((a, b) => a - b))
    }))

  it('are finished and recorded on a stop, and no other is started', () =>
    withFolder(reference =>
      withFolder(async folder => {
        right(await record(reference))
        const begun: Array<number> = []
        const crew = slow(2, () => 5)
        const hooks = {
          ...noHooks,
          onQuestion: ({ id }: Question) => begun.push(id),
          stopRequested: () => begun.length === 2,
        }
        expect(left(await record(folder, {}, crew.interpreter, hooks))._tag).toBe('Interrupted')
        expect(begun).toEqual([0, 1])
        // The header, the first transition and both answers.
        const lines = logOf(folder).trimEnd().split('\n')
        expect(lines).toHaveLength(4)
        expect(logOf(reference).startsWith(logOf(folder))).toBe(true)
      }),
    ))

  it('end with the first error in the order of the questions, after all earlier answers are recorded', () =>
    withFolder(async folder => {
      const crew = slow(4, ({ id }) => 10 - id)
      const interpreter: Interpreter = {
        ...crew.interpreter,
        answer: question =>
          question.id === 2
            ? () => Promise.resolve(E.left(environment('No memory.')))
            : crew.interpreter.answer(question),
      }
      expect(left(await record(folder, {}, interpreter)).message).toBe('No memory.')
      expect(logOf(folder).trimEnd().split('\n')).toHaveLength(4)
    }))

  it('start no more after an error, and running ones are finished', () =>
    withFolder(async folder => {
      const begun: Array<number> = []
      const crew = slow(2, ({ id }) => (id === 0 ? 20 : 1))
      const interpreter: Interpreter = {
        ...crew.interpreter,
        answer: question =>
          question.id === 1
            ? () => Promise.resolve(E.left(environment('No memory.')))
            : crew.interpreter.answer(question),
      }
      const hooks = { ...noHooks, onQuestion: ({ id }: Question) => begun.push(id) }
      expect(left(await record(folder, {}, interpreter, hooks)).message).toBe('No memory.')
      expect(begun).toEqual([0, 1])
      expect(crew.finished).toEqual([0])
    }))
})
