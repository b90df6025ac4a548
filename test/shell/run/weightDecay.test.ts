/** Runs whose bounds are given as weight decay: the same runs as with the bounds of λ, and what they say. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decayAt, decayText, lambdaAt } from '../../../src/shell/base/WeightDecays.js'
import { dryRunText } from '../../../src/shell/cli/dryRunText.js'
import { ending } from '../../../src/shell/cli/ending.js'
import { decodeRunConfig } from '../../../src/shell/config/RunConfig.js'
import type { NamedConfig } from '../../../src/shell/config/configSource.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { replayRun } from '../../../src/shell/record/replayRun.js'
import { resultLines } from '../../../src/shell/report/data/results.js'
import { readRun } from '../../../src/shell/report/ReadRun.js'
import { resultsTable } from '../../../src/shell/report/tables.js'
import { tasksOf } from '../../../src/shell/report/Task.js'
import { dryRun } from '../../../src/shell/run/DryRun.js'
import { resume } from '../../../src/shell/run/resume.js'
import { resultTable } from '../../../src/shell/run/resultTable.js'
import { tune } from '../../../src/shell/run/tune.js'
import { right, withFolder } from '../../support/recordedRun.js'
import { silent, stoppedAfter, tiny, tinyConfig } from '../../support/tinyRun.js'

const having = (hyperparameters: unknown): NamedConfig => ({
  ...tiny,
  config: right(decodeRunConfig('tiny')({ ...tinyConfig, hyperparameters })),
})
/** 120 images train. */
const examples = 120
const decays = [1e-4, 0.2] as const
const named = having({ family: 'l2', per: 'layer', weightDecay: decays })
const [lower, upper] = [lambdaAt(decays[0], examples), lambdaAt(decays[1], examples)]

const options = { ...silent, methods, backend: 'wasm' } as const

const linesOf = (folder: string): ReadonlyArray<Record<string, unknown>> =>
  readFileSync(join(folder, 'run.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => {
      const { digest, ...content } = JSON.parse(line) as Record<string, unknown>
      expect(digest).toBeTypeOf('string')
      return content
    })

describe('weight decay', () => {
  it('is exp(λ)/(2N), and λ is its inverse', () => {
    expect(decayAt(0, 500)).toBe(1e-3)
    expect(lambdaAt(1e-3, 500)).toBe(0)
    expect([0, 1.5, 0.04567, 5e-4, 123456].map(decayText)).toEqual([
      '0',
      '1.5',
      '0.0457',
      '5.00e-4',
      '1.23e+5',
    ])
  })

  it('gives the run that the bounds of λ give, which says its λ as weight decay', () =>
    withFolder(async folder => {
      const [one, two] = [join(folder, 'decay'), join(folder, 'lambda')]
      const tuned = right(await tune({ ...options, named, folder: one })())
      const same = right(
        await tune({
          ...options,
          named: having({ family: 'l2', per: 'layer', lower, upper }),
          folder: two,
        })(),
      )
      const [[header, ...records], [otherHeader, ...others]] = [linesOf(one), linesOf(two)]
      expect(records).toEqual(others)
      expect(header!['config']).toEqual(otherHeader!['config'])
      expect(header!['problem']).toMatchObject({
        hyperparameters: { family: 'l2', per: 'layer', weightDecay: decays },
      })

      // The summary, which a replay checks, the table, and the end of the run.
      for (const { lambda, weightDecay } of tuned.summary.rows)
        expect(weightDecay).toEqual({
          'l2[dense1]': Math.exp(lambda[0]!) / 240,
          'l2[dense2]': Math.exp(lambda[1]!) / 240,
        })
      expect(same.summary.rows.map(({ weightDecay }) => weightDecay)).toEqual(
        same.summary.rows.map(() => undefined),
      )
      expect(right(replayRun(methods)(one)).halted).toBe(true)
      const last = Object.values(tuned.summary.rows.at(-1)!.weightDecay!).map(decayText)
      const table = resultTable(tuned.summary, {})
      expect(table).toContain('weight decay')
      for (const text of last) expect(table).toContain(text)
      for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
      expect(resultTable(same.summary, {})).not.toContain('eight decay')
      expect((await ending(tuned)).out).toContain(
        `Weight decay of the result: l2[dense1] ${last[0]!}, l2[dense2] ${last[1]!}.`,
      )
      expect((await ending(same)).out).not.toContain('Weight decay')

      // The report.
      const [run, other] = [one, two].map(target => right(readRun(methods)({ target, name: target })).run)
      expect(resultLines(run!).at(-1)!.weightDecay).toEqual(
        Object.values(tuned.summary.rows.at(-1)!.weightDecay!),
      )
      const reported = (of: typeof run): string => resultsTable(tasksOf([of!])[0]!).markup
      expect(reported(run)).toContain(`<small>weight decay ${last.join(', ')}</small>`)
      expect(reported(other)).not.toContain('weight decay')
    }))

  it('is said by the dry run, at both bounds', async () => {
    const found = right(await dryRun({ ...options, named, folder: 'nowhere' })())
    expect(found.space.map(bounds => [bounds.lower, bounds.upper])).toEqual([
      [lower, upper],
      [lower, upper],
    ])
    expect(dryRunText(found).replaceAll(/\s+/g, ' ')).toContain(
      'l2[dense1] in [-3.7297, 3.8712] (weight decay 1.00e-4 to 0.2), l2[dense2] in',
    )
  })

  it('stays with a run that is stopped and resumed', () =>
    withFolder(async folder => {
      const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')]
      right(await tune({ ...options, named, folder: whole })())
      expect(E.isLeft(await tune({ ...options, ...stoppedAfter(6), named, folder: stopped })())).toBe(true)
      right(await resume({ ...silent, methods, target: stopped, backend: null })())
      for (const name of ['run.jsonl', 'summary.json'])
        expect(readFileSync(join(stopped, name), 'utf8')).toBe(readFileSync(join(whole, name), 'utf8'))
    }))

  it('is of the L2 coefficients alone where there are other hyperparameters', () =>
    withFolder(async folder => {
      const { summary } = right(
        await tune({
          ...options,
          named: having([{ family: 'labelSmoothing' }, { per: 'layer', weightDecay: decays }]),
          folder: join(folder, 'run'),
        })(),
      )
      for (const { lambda, weightDecay } of summary.rows)
        expect(weightDecay).toEqual({
          'l2[dense1]': decayAt(lambda[1]!, examples),
          'l2[dense2]': decayAt(lambda[2]!, examples),
        })
    }))
})
