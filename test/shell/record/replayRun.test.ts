import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { describe, expect, it } from 'vitest'
import { isQuestion } from '../../../src/core/protocol/Command.js'
import { follow, recorded, start } from '../../../src/core/log/Replay.js'
import { Header } from '../../../src/core/log/RunLog.js'
import { digestOf } from '../../../src/shell/record/logFile.js'
import { registry, some } from '../../../src/shell/record/Methods.js'
import { replayRun, statement } from '../../../src/shell/record/replayRun.js'
import * as Summary from '../../../src/shell/record/Summary.js'
import { closedForm } from '../../support/closedForm.js'
import { configOf, left, noHooks, record, right, withFolder } from '../../support/recordedRun.js'
import { sampleAndDescend } from '../../support/sampleAndDescend.js'

const replay = replayRun(registry(some(sampleAndDescend)))

const pathIn = (folder: string): string => join(folder, 'run.jsonl')

/** Records a run with its summary, and passes on the folder and the log's text. */
const withRun = (use: (folder: string, text: string) => Promise<void> | void): Promise<void> =>
  withFolder(async folder => {
    const infos: Array<Parameters<typeof noHooks.onTransition>[0]> = []
    const hooks = { ...noHooks, onTransition: (info: (typeof infos)[number]) => void infos.push(info) }
    const outcome = right(await record(folder, {}, closedForm(), hooks))
    const text = readFileSync(pathIn(folder), 'utf8')
    const header = right(Header.decode(JSON.parse(text.split('\n')[0]!)))
    const summary = Summary.summarize(header, infos.length, infos.at(-1)!, outcome)
    writeFileSync(join(folder, 'summary.json'), Summary.encode(summary))
    await use(folder, text)
  })

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

const digits = (text: string): ReadonlyArray<number> => [...text.matchAll(/\d/g)].map(({ index }) => index)

describe('replaying a recorded run', () => {
  it('succeeds, given its folder or its log', () =>
    withRun(folder => {
      for (const target of [folder, pathIn(folder)]) {
        const replayed = right(replay(target))
        expect(replayed).toMatchObject({ steps: 18, halted: true, state: 'halted (budget spent)' })
        expect(statement(replayed)).toContain('all 18 steps replay as logged')
      }
    }))

  it('finds any changed digit, and names its line, a field, the expected and the found value', () =>
    withRun((folder, text) => {
      const places = digits(text)
      fc.assert(
        fc.property(fc.nat(places.length - 1), fc.integer({ min: 1, max: 9 }), (which, shift) => {
          const index = places[which]!
          const changed = `${text.slice(0, index)}${(Number(text[index]) + shift) % 10}${text.slice(index + 1)}`
          writeFileSync(pathIn(folder), changed)
          const error = left(replay(folder))
          expect(error._tag).toBe('Mismatch')
          expect(error.message).toMatch(/^Line \d+ of .*, field `[^`]+`: expected .+, found .+\. /)
          expect(error.message).toContain(`Line ${lineAt(text, index)} of `)
        }),
        cases(300),
      )
    }))

  it('never accepts a log with a changed byte', () =>
    withRun((folder, text) => {
      const bytes = Buffer.from(text)
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
          const changed = Buffer.from(bytes)
          changed[index]! ^= flip
          writeFileSync(pathIn(folder), changed)
          const result = replay(folder)
          // Without the newline at its end the last line is reported as incomplete.
          if (index === bytes.length - 1) expect(right(result)).toMatchObject({ torn: 19, steps: 17 })
          else expect(['Mismatch', 'BadInput']).toContain(left(result)._tag)
        }),
        cases(300),
      )
    }))

  it('reports the state of an unfinished run', () =>
    withFolder(async folder => {
      let count = 0
      const hooks = { ...noHooks, onTransition: () => count++, stopRequested: () => count === 3 }
      left(await record(folder, {}, closedForm(), hooks))
      expect(right(replay(folder))).toMatchObject({
        steps: 3,
        halted: false,
        state: 'unfinished, sampling, next is command 2, SolveLowerLevel',
      })
    }))

  it('treats a log without a record as a run that has not started', () =>
    withRun((folder, text) => {
      rmSync(join(folder, 'summary.json'))
      writeFileSync(pathIn(folder), text.slice(0, text.indexOf('\n') + 1))
      expect(right(replay(folder))).toMatchObject({ steps: 0, state: 'not started' })
    }))

  it('drops an incomplete last line, wherever it is cut, and reports it', () =>
    withRun((folder, text) => {
      const last = text.lastIndexOf('\n', text.length - 2) + 1
      for (let length = last + 1; length < text.length; length += 7) {
        writeFileSync(pathIn(folder), text.slice(0, length))
        const replayed = right(replay(folder))
        expect(replayed).toMatchObject({ torn: 19, steps: 17, halted: false })
        expect(statement(replayed)).toContain('the first 17 steps replay as logged')
      }
      // Damage in complete lines is reported first.
      writeFileSync(pathIn(folder), text.replace('"step":3,', '"step":4,').slice(0, -1))
      expect(left(replay(folder)).message).toContain('Line 5 ')
    }))

  it('stops after a step, with the info and the state of the method there', () =>
    withRun((folder, text) => {
      const lines = text.trimEnd().split('\n')
      let cursor = right(start(sampleAndDescend)(configOf()))
      for (let until = 0; until < 18; until++) {
        const { observation, info } = JSON.parse(lines[until + 1]!) as {
          readonly observation: Parameters<typeof sampleAndDescend.step>[0]
          readonly info: unknown
        }
        cursor = until === 0 ? recorded(cursor) : right(follow(sampleAndDescend)(observation)(cursor))
        const { steps, after } = right(replay(folder, { until }))
        expect(steps).toBe(until + 1)
        expect(after.info).toEqual(info)
        expect(after.open).toEqual(cursor.todo.filter(isQuestion))
        expect(after.state).toEqual(sampleAndDescend.state.encode(cursor.transition.state))
      }
      const beyond = left(replay(folder, { until: 18 }))
      expect(beyond).toMatchObject({ _tag: 'BadInput' })
      expect(beyond.message).toContain('its steps are 0 to 17')
      // Lines after the step are not read.
      writeFileSync(pathIn(folder), text.replace('"step":9,', '"step":8,'))
      expect(right(replay(folder, { until: 8 })).steps).toBe(9)
      expect(left(replay(folder, { until: 9 }))._tag).toBe('Mismatch')
    }))

  it('finds a summary that does not match the log', () =>
    withRun((folder, text) => {
      const path = join(folder, 'summary.json')
      const summary = readFileSync(path, 'utf8')
      writeFileSync(path, summary.replace('"lowerLevelSolves": 12', '"lowerLevelSolves": 11'))
      const error = left(replay(folder))
      expect(error._tag).toBe('Mismatch')
      expect(error.message).toContain('field `total.lowerLevelSolves`: expected 12 from the log, found 11')
      for (const other of [summary.trimEnd(), '{', '[]', '']) {
        writeFileSync(path, other)
        expect(left(replay(folder))._tag).toBe('Mismatch')
      }
      writeFileSync(path, summary)
      writeFileSync(pathIn(folder), text.split('\n').slice(0, 5).join('\n') + '\n')
      expect(left(replay(folder)).message).toContain('no summary yet')
    }))

  it('refuses a file that is not a log, with one paragraph that says what to do', () =>
    withRun((folder, text) => {
      const [header = '', ...rest] = text.trimEnd().split('\n')
      const resealed = (line: string): string => {
        const body = line.replace(/,"digest":"[0-9a-f]{16}"\}$/, '}')
        return body.replace(/\}$/, `,"digest":"${digestOf('', body)}"}`)
      }
      const damaged: Readonly<Record<string, string>> = {
        'is empty': '',
        'Line 1': 'hello\n',
        incomplete: '{"format"',
        'field `version`: expected 1 or 2, found 3': [
          resealed(header.replace('"version":1', '"version":3')),
          ...rest,
        ].join('\n'),
        'not a run log': [resealed(header.replace('bilevel-hpo/run', 'other')), ...rest].join('\n'),
        'no method called': [resealed(header.replace(sampleAndDescend.name, 'unheard-of')), ...rest].join(
          '\n',
        ),
        '`backend` must be a text': [
          resealed(header.replace('"backend":"none"', '"backend":3')),
          ...rest,
        ].join('\n'),
      }
      for (const [phrase, content] of Object.entries(damaged)) {
        writeFileSync(
          pathIn(folder),
          content === '' || phrase === 'incomplete' ? content : `${content.trimEnd()}\n`,
        )
        const error = left(replay(folder))
        expect(error._tag).toBe('BadInput')
        expect(error.message).toContain(phrase)
        expect(error.message).not.toContain('\n')
      }
    }))

  it('refuses a folder without a run, a missing one, and a folder instead of the log', () =>
    withFolder(folder => {
      expect(left(replay(folder))._tag).toBe('Environment')
      expect(left(replay(join(folder, 'nothing')))._tag).toBe('Environment')
      mkdirSync(pathIn(folder))
      expect(left(replay(folder))._tag).toBe('Environment')
    }))

  it('is fast on logs that are made to be slow', () =>
    withRun((folder, text) => {
      const sealed = (body: string): string => body.replace(/\}$/, ',"digest":"0123456789abcdef"}\n')
      // Each with what says that it was not read further than need be.
      const hostile = [
        [
          /a list of more than 65536 entries/,
          sealed(`{"step":18,"observation":{"_tag":"Refitted","id":[${'[],'.repeat(1_000_000)}[]]}}`),
        ],
        [
          /nests more than \d+/,
          sealed(`{"step":18,"observation":${'['.repeat(500_000)}${']'.repeat(500_000)}}`),
        ],
        [/field `/, sealed(`{"step":18,"observation":{"lambda":[${'null,'.repeat(60_000)}0]}}`)],
      ] as const
      for (const [reason, line] of hostile) {
        writeFileSync(pathIn(folder), text)
        appendFileSync(pathIn(folder), line)
        const error = left(replay(folder))
        expect(['Mismatch', 'BadInput']).toContain(error._tag)
        expect(error.message).toMatch(reason)
        expect(error.message.length).toBeLessThan(1000)
      }
    }))
})
