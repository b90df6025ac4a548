/** Whole runs with random crops and flips: they replay and resume as others do, and bad settings are refused. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decodeRunConfig } from '../../../src/shell/config/RunConfig.js'
import type { NamedConfig } from '../../../src/shell/config/configSource.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { replayRun } from '../../../src/shell/record/replayRun.js'
import { checkSections } from '../../../src/shell/run/checkSections.js'
import { resume } from '../../../src/shell/run/resume.js'
import { tune } from '../../../src/shell/run/tune.js'
import { left, right, withFolder } from '../../support/recordedRun.js'
import { silent, stoppedAfter, tiny, tinyConfig } from '../../support/tinyRun.js'

const having = (augment: unknown, data: object = {}): NamedConfig => ({
  ...tiny,
  config: right(
    decodeRunConfig('tiny')({
      ...tinyConfig,
      data: { ...tinyConfig.data, ...data },
      // Pairs are of minibatches, too.
      solver: { ...tinyConfig.solver, batchSize: 16, augment },
    }),
  ),
})

const options = { ...silent, methods, backend: 'wasm' } as const
const textOf = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')

describe('a run with crops and flips', () => {
  it('has them in its header, replays, and ends with the same bytes if it is stopped and resumed', () =>
    withFolder(async folder => {
      const named = having({ crop: 2, flip: true }, { standardise: 'channel' })
      const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')]
      right(await tune({ ...options, named, folder: whole })())
      expect(JSON.parse(textOf(whole, 'run.jsonl').split('\n')[0]!)).toMatchObject({
        problem: { solver: { augment: { crop: 2, flip: true } }, data: { standardise: 'channel' } },
      })
      expect(right(replayRun(methods)(whole)).halted).toBe(true)
      expect(E.isLeft(await tune({ ...options, ...stoppedAfter(7), named, folder: stopped })())).toBe(true)
      right(await resume({ ...silent, methods, target: stopped, backend: null })())
      for (const name of ['run.jsonl', 'summary.json'])
        expect(textOf(stopped, name)).toBe(textOf(whole, name))
    }))

  it('is another run than one without, and turned off it is the same', () =>
    withFolder(async folder => {
      const logs = []
      for (const [i, augment] of [undefined, { crop: 0, flip: false }, { flip: true }].entries()) {
        right(await tune({ ...options, named: having(augment), folder: join(folder, String(i)) })())
        const [header = '', ...records] = textOf(join(folder, String(i)), 'run.jsonl').split('\n')
        logs.push({ header, records: records.map(line => line.replace(/,"digest":.*/, '')) })
      }
      const [without, off, flipped] = logs
      expect(without!.header).not.toContain('augment')
      expect(off!.records).toEqual(without!.records)
      expect(flipped!.records).not.toEqual(without!.records)
    }))

  it('is refused where the images do not allow it, before a run folder is made', () =>
    withFolder(async folder => {
      const refused = await tune({ ...options, named: having({ crop: 10 }), folder: join(folder, 'run') })()
      expect(left(refused).message).toContain(
        'The configuration tiny cannot be used: `solver.augment.crop` is 10, but the images of the data are 10×10 pixels.',
      )
      expect(existsSync(join(folder, 'run'))).toBe(false)
    }))

  it('is refused before any data is loaded where its size is known', () => {
    const cifar = right(
      decodeRunConfig('mine')({
        ...tinyConfig,
        data: { source: 'cifar10', train: 100, validation: 100 },
        solver: { augment: { crop: 32 } },
      }),
    )
    expect(left(checkSections(methods)({ source: 'mine', config: cifar })).message).toContain(
      'are 32×32 pixels',
    )
  })
})
