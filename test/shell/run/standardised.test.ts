/** Runs on standardised pixels: what is logged, said, resumed and shown. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode as decodePng } from 'fast-png'
import { describe, expect, it } from 'vitest'
import { decodeRunConfig } from '../../../src/shell/config/RunConfig.js'
import type { NamedConfig } from '../../../src/shell/config/configSource.js'
import { dryRunText } from '../../../src/shell/cli/dryRunText.js'
import { loadSplits } from '../../../src/shell/data/loadSplits.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { withRecordedRun } from '../../../src/shell/record/RecordedRun.js'
import { replayRun } from '../../../src/shell/record/replayRun.js'
import { picturesOf } from '../../../src/shell/report/Pictures.js'
import { dryRun } from '../../../src/shell/run/DryRun.js'
import { resume } from '../../../src/shell/run/resume.js'
import { tune } from '../../../src/shell/run/tune.js'
import * as E from 'fp-ts/lib/Either.js'
import { right, withFolder } from '../../support/recordedRun.js'
import { silent, stoppedAfter, tiny, tinyConfig } from '../../support/tinyRun.js'

const standardised = (standardise: unknown): NamedConfig => ({
  ...tiny,
  config: right(decodeRunConfig('tiny')({ ...tinyConfig, data: { ...tinyConfig.data, standardise } })),
})

const options = { ...silent, methods, backend: 'wasm' } as const

const headerIn = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, 'run.jsonl'), 'utf8').split('\n')[0]!) as Record<string, unknown>

describe('a run on standardised pixels', () => {
  it('has its numbers in the header, says them, and replays', () =>
    withFolder(async folder => {
      const [run, plain] = [join(folder, 'run'), join(folder, 'plain')]
      const notes: Array<string> = []
      const status = { ...silent.status, note: (line: string) => void notes.push(line) }
      right(await tune({ ...options, status, named: standardised('channel'), folder: run })())
      right(await tune({ ...options, named: tiny, folder: plain })())
      const { standardisation } = right(
        await loadSplits(standardised('channel').config.data, { seed: 3, baseFolder: '.' })(),
      )
      expect(headerIn(run)['data']).toMatchObject({
        standardised: {
          per: 'channel',
          means: [...standardisation!.means],
          deviations: [...standardisation!.deviations],
        },
      })
      expect(notes.filter(note => note.startsWith('The pixels are standardised per channel'))).toHaveLength(1)
      expect(headerIn(plain)['data']).not.toHaveProperty('standardised')
      expect(right(replayRun(methods)(run)).halted).toBe(true)
    }))

  it('has features in its header by their hash alone, and the dry run says what was done', () =>
    withFolder(async folder => {
      right(await tune({ ...options, named: standardised('feature'), folder: join(folder, 'run') })())
      const { data } = headerIn(join(folder, 'run')) as { data: { standardised: object } }
      expect(Object.keys(data.standardised)).toEqual(['per', 'digest'])
      const found = right(
        await dryRun({ ...options, named: standardised('feature'), folder: join(folder, 'other') })(),
      )
      // The pixels in the files, not the standardised ones.
      for (const { range } of found.sets) {
        expect(range[0]).toBeGreaterThanOrEqual(0)
        expect(range[1]).toBeLessThanOrEqual(1)
        expect(range[1]).toBeGreaterThan(0.9)
      }
      expect(dryRunText(found)).toContain('then standardised per feature by the training set: minus')
      expect(dryRunText({ ...found, standardised: null })).not.toContain('standardised')
    }))

  it('shows its images as they were in the files', () =>
    withFolder(async folder => {
      const shown = await Promise.all(
        [false, 'channel', 'feature'].map(async (standardise, i) => {
          const run = join(folder, String(i))
          right(await tune({ ...options, named: standardised(standardise), folder: run })())
          const header = right(withRecordedRun(run)(({ header }) => E.right(header)))
          const { set, picture } = right(await picturesOf(header)())
          expect(set.labels).toHaveLength(120)
          return [0, 7, 119].map(example => [
            ...decodePng(Buffer.from(picture(example).split(',')[1]!, 'base64')).data,
          ])
        }),
      )
      expect(shown[1]).toEqual(shown[0])
      expect(shown[2]).toEqual(shown[0])
    }))
})

describe('a run that is resumed', () => {
  it('standardises by the same numbers, and ends with the same bytes', () =>
    withFolder(async folder => {
      const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')]
      const named = standardised('channel')
      right(await tune({ ...options, named, folder: whole })())
      const interrupted = await tune({ ...options, ...stoppedAfter(5), named, folder: stopped })()
      expect(E.isLeft(interrupted) && interrupted.left._tag).toBe('Interrupted')
      right(await resume({ ...silent, methods, target: stopped, backend: null })())
      for (const name of ['run.jsonl', 'summary.json'])
        expect(readFileSync(join(stopped, name), 'utf8')).toBe(readFileSync(join(whole, name), 'utf8'))
    }))
})
