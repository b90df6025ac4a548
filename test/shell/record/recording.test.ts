/** What `recordRun` does with answers, arguments and logs that it cannot use. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { decode, gridSearch, type GridSearchConfig, type Observation } from '../../../src/core/index.js'
import { Simulate } from '../../../src/core/laws/index.js'
import type { Question } from '../../../src/core/protocol/Command.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { type About, recordRun } from '../../../src/shell/record/Recording.js'
import { resume } from '../../../src/shell/run/resume.js'
import { status } from '../../../src/shell/run/statusLine.js'
import { cases } from '../../support/cases.js'
import { left, right, withFolder } from '../../support/recordedRun.js'

const { space, world } = Simulate.ridge({ a: [3], b: [2] })
const config: GridSearchConfig = right(
  decode(gridSearch.config)({ space, budget: { lowerLevelSolves: 3 }, retrain: false }),
)
const about: About = {
  problem: { model: 'mine' },
  data: { train: 9, validation: 9, test: null, fingerprint: 'abc' },
  backend: 'mine',
}

/** Answers as a simulated world does, or with what `instead` makes of its answer. */
const interpreterOf = (instead: (question: Question, answer: Observation.Observation) => unknown) => ({
  answer: (question: Question) =>
    TE.fromIO(() => instead(question, world.answer(question)[0]) as Observation.Observation),
  release: () => undefined,
  dispose: () => undefined,
})

const run = (
  folder: string,
  instead: (question: Question, answer: Observation.Observation) => unknown,
  given: Readonly<Record<string, unknown>> = {},
) =>
  recordRun(gridSearch)({
    path: join(folder, 'mine', 'run.jsonl'),
    config,
    about,
    interpreter: interpreterOf(instead),
    ...given,
  })()

const linesOf = (folder: string): ReadonlyArray<{ observation?: { _tag: string } }> =>
  readFileSync(join(folder, 'mine', 'run.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { observation?: { _tag: string } })

describe('recordRun', () => {
  it('makes the folder of its log', () =>
    withFolder(async folder => {
      right(await run(folder, (_, answer) => answer))
      expect(linesOf(folder)).toHaveLength(5)
    }))

  it.each([
    ['{}', {}, 'the value must be an object'],
    ['a text for a number', { upper: '0.5' }, '`upper` must be a finite number, but is "0.5"'],
    ['null for a number', { upper: null }, '`upper` must be a finite number, but is null'],
    ['a field that is missing', { lowerGradient: undefined }, '`lowerGradient` is missing'],
    ['a BigInt', { upper: 1n }, '`upper` must be a finite number, but is 1n'],
  ])('stops at once at an answer that has %s', (name, wrong, why) =>
    withFolder(async folder => {
      const error = left(
        await run(folder, ({ id }, answer) =>
          id !== 1 ? answer : name === '{}' ? {} : { ...answer, ...wrong },
        ),
      )
      expect(error._tag).toBe('Environment')
      expect(error.message).toContain(
        `The answer to command 1, SolveLowerLevel, is not an observation: ${why}`,
      )
      // The header, the start, and the answer to command 0.
      expect(linesOf(folder)).toHaveLength(3)
      // A corrected interpreter continues.
      right(await run(folder, (_, answer) => answer))
      expect(linesOf(folder)).toHaveLength(5)
    }),
  )

  it.each([
    ['NaN', { upper: NaN }],
    ['Infinity', { gradientNorm: Infinity, effort: NaN }],
    ['a vector with NaN', { lowerGradient: [NaN] }],
  ])('takes %s for training that diverged', (_, wrong) =>
    withFolder(async folder => {
      right(await run(folder, ({ id }, answer) => (id === 1 ? { ...answer, ...wrong } : answer)))
      expect(linesOf(folder).map(({ observation }) => observation?._tag)).toEqual([
        undefined,
        undefined,
        'LowerLevelSolved',
        'CommandFailed',
        'LowerLevelSolved',
      ])
    }),
  )

  it('refuses weights of another command', () =>
    withFolder(async folder => {
      const error = left(
        await run(folder, ({ id }, answer) => (id === 0 ? { ...answer, weights: 'w99' } : answer)),
      )
      expect(error.message).toContain('The answer to command 0 names the weights "w99"')
      expect(linesOf(folder)).toHaveLength(2)
    }))

  it('stops with a message at an interpreter that throws, or returns nothing', () =>
    withFolder(async folder => {
      const throwing = {
        ...interpreterOf((_, answer) => answer),
        answer: (): never => {
          throw new Error('no such model')
        },
      }
      expect(left(await run(folder, () => null, { interpreter: throwing })).message).toContain(
        'The interpreter failed on command 0, SolveLowerLevel: it threw no such model.',
      )
      const nothing = { ...throwing, answer: () => () => Promise.resolve(undefined) }
      expect(left(await run(folder, () => null, { interpreter: nothing })).message).toContain(
        'it returned something else than an Either',
      )
    }))

  it.each([
    ['about', {}, '`about.problem` is missing; it must be an object'],
    ['about', undefined, '`about` is missing'],
    ['about', { ...about, data: { train: 0 } }, '`about.data.train` must be an integer ≥ 1, but is 0'],
    ['config', {}, '`config.space` is missing'],
    ['config', null, '`config` must be'],
    ['path', 7, '`path` must be a text, but is 7'],
  ])('refuses the %s %o, and writes nothing', (field, value, why) =>
    withFolder(async folder => {
      const error = left(await run(folder, (_, answer) => answer, { [field]: value }))
      expect(error._tag).toBe('BadInput')
      expect(error.message).toContain(why)
      expect(existsSync(join(folder, 'mine'))).toBe(false)
    }),
  )

  it('ends with an outcome or a message, whatever is answered', () =>
    fc.assert(
      fc.asyncProperty(
        fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
        fc.constantFrom('upper', 'lowerGradient', 'weights', 'effort', '_tag', 'id', null),
        (value, field) =>
          withFolder(async folder => {
            const ended = await run(folder, ({ id }, answer) =>
              id !== 1 ? answer : field === null ? value : { ...answer, [field]: value },
            )
            if (E.isLeft(ended)) expect(ended.left.message).toMatch(/^\S.*\.$/s)
            for (const { observation } of linesOf(folder).slice(2))
              expect(observation?._tag).toMatch(/^(LowerLevelSolved|CommandFailed)$/)
          }),
      ),
      cases(1000, 'slow'),
    ))
})

describe('resume', () => {
  it('says that a log of recordRun belongs to another program', () =>
    withFolder(async folder => {
      left(await run(folder, ({ id }, answer) => (id === 1 ? {} : answer)))
      const error = left(
        await resume({
          methods,
          target: join(folder, 'mine'),
          backend: null,
          status: status({ write: () => true }, () => 0),
          signals: process,
          workers: 1,
        })(),
      )
      expect(error._tag).toBe('BadInput')
      expect(error.message).toContain('was recorded by a program that trains by its own code (`recordRun`)')
    }))
})
