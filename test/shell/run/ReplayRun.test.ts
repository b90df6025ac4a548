import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Header } from '../../../src/core/protocol/RunLog.js'
import { digestOf } from '../../../src/shell/run/LogFile.js'
import { registry, some } from '../../../src/shell/run/methods.js'
import { replayRun, statement } from '../../../src/shell/run/ReplayRun.js'
import * as Summary from '../../../src/shell/run/Summary.js'
import { closedForm } from '../../support/closedForm.js'
import { left, noHooks, record, right, withFolder } from '../../support/recordedRun.js'
import { randomSearch } from '../../support/RandomSearch.js'

const replay = replayRun(registry(some(randomSearch)))

const pathIn = (folder: string): string => join(folder, 'run.jsonl')

/** Records a run with its summary, and hands on the folder and the log's text. */
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
  it('finds it as logged, given its folder or its log', () =>
    withRun(folder => {
      for (const target of [folder, pathIn(folder)]) {
        const replayed = right(replay(target))
        expect(replayed).toMatchObject({ steps: 18, halted: true, state: 'halted (budget spent)' })
        expect(statement(replayed)).toContain('all 18 steps replay as logged')
      }
    }))

  it('finds any one digit changed, names its line, a field, what was expected and what was found', () =>
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
        { numRuns: 300 },
      )
    }))

  it('never takes a log with a changed byte for right', () =>
    withRun((folder, text) => {
      const bytes = Buffer.from(text)
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
          const changed = Buffer.from(bytes)
          changed[index]! ^= flip
          writeFileSync(pathIn(folder), changed)
          expect(['Mismatch', 'BadInput']).toContain(left(replay(folder))._tag)
        }),
        { numRuns: 300 },
      )
    }))

  it('says how far an unfinished run is', () =>
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

  it('takes a log without a record for a run that has not started', () =>
    withRun((folder, text) => {
      rmSync(join(folder, 'summary.json'))
      writeFileSync(pathIn(folder), text.slice(0, text.indexOf('\n') + 1))
      expect(right(replay(folder))).toMatchObject({ steps: 0, state: 'not started' })
    }))

  it('refuses a log with a torn last line, saying that what is before it is right', () =>
    withRun((folder, text) => {
      writeFileSync(pathIn(folder), text.slice(0, -1))
      const error = left(replay(folder))
      expect(error._tag).toBe('BadInput')
      expect(error.message).toContain('Line 19 ')
      expect(error.message).toContain('18 lines before it replay as logged')
    }))

  it('finds a summary that is not what the log comes to', () =>
    withRun((folder, text) => {
      const path = join(folder, 'summary.json')
      const summary = readFileSync(path, 'utf8')
      writeFileSync(path, summary.replace('"lowerLevelSolves": 12', '"lowerLevelSolves": 11'))
      const error = left(replay(folder))
      expect(error._tag).toBe('Mismatch')
      expect(error.message).toContain('field `total.lowerLevelSolves`: expected 12 by the log, found 11')
      for (const other of [summary.trimEnd(), '{', '[]', '']) {
        writeFileSync(path, other)
        expect(left(replay(folder))._tag).toBe('Mismatch')
      }
      writeFileSync(path, summary)
      writeFileSync(pathIn(folder), text.split('\n').slice(0, 5).join('\n') + '\n')
      expect(left(replay(folder)).message).toContain('no summary yet')
    }))

  it('refuses what is no log, each with a paragraph that says what to do', () =>
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
        'field `version`: expected 1, found 2': [
          resealed(header.replace('"version":1', '"version":2')),
          ...rest,
        ].join('\n'),
        'no run log': [resealed(header.replace('bilevel-hpo/run', 'other')), ...rest].join('\n'),
        'no method called': [resealed(header.replace(randomSearch.name, 'unheard-of')), ...rest].join('\n'),
        'field `backend`': [resealed(header.replace('"backend":"none"', '"backend":3')), ...rest].join('\n'),
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

  it('refuses a folder without a run, a missing one, and a folder in place of the log', () =>
    withFolder(folder => {
      expect(left(replay(folder))._tag).toBe('Environment')
      expect(left(replay(join(folder, 'nothing')))._tag).toBe('Environment')
      mkdirSync(pathIn(folder))
      expect(left(replay(folder))._tag).toBe('Environment')
    }))

  it('costs little on logs that are made to cost much', () =>
    withRun((folder, text) => {
      const sealed = (body: string): string => body.replace(/\}$/, ',"digest":"0123456789abcdef"}\n')
      const hostile = [
        sealed(`{"step":18,"observation":{"_tag":"Refitted","id":[${'[],'.repeat(1_000_000)}[]]}}`),
        sealed(`{"step":18,"observation":${'['.repeat(500_000)}${']'.repeat(500_000)}}`),
        sealed(`{"step":18,"observation":{"lambda":[${'null,'.repeat(60_000)}0]}}`),
      ]
      for (const line of hostile) {
        writeFileSync(pathIn(folder), text)
        appendFileSync(pathIn(folder), line)
        const began = performance.now()
        expect(['Mismatch', 'BadInput']).toContain(left(replay(folder))._tag)
        expect(performance.now() - began).toBeLessThan(1000)
      }
    }))
})
