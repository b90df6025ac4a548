import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { forget, tick, timesOf } from '../../../src/shell/record/Clock.js'
import { withFolder } from '../../support/recordedRun.js'

/** Times with half as many processor seconds. */
const times = (...seconds: ReadonlyArray<number>) =>
  seconds.map(each => ({ seconds: each, processorSeconds: each / 2 }))

describe('the clock of an unfinished run', () => {
  it('returns when each step was recorded, and is deleted by `forget`', () =>
    withFolder(folder => {
      expect(timesOf(folder, 2)).toEqual(times(0, 0))
      tick(folder, 0, times(0.5)[0]!)
      tick(folder, 1, times(2)[0]!)
      expect(timesOf(folder, 2)).toEqual(times(0.5, 2))
      forget(folder)
      expect(existsSync(join(folder, 'clock.jsonl'))).toBe(false)
      forget(folder)
    }))

  it('uses what is left of a damaged file, and never runs backwards', () =>
    withFolder(folder => {
      for (const [step, at] of times(1, 4, 3, 6).entries()) tick(folder, step, at)
      const path = join(folder, 'clock.jsonl')
      writeFileSync(path, readFileSync(path, 'utf8').slice(0, -3))
      tick(folder, 4, times(9)[0]!)
      expect(timesOf(folder, 6)).toEqual(times(1, 4, 4, 4, 9, 9))
      writeFileSync(path, 'no clock\n{"step":-1,"seconds":"x"}\n')
      expect(timesOf(folder, 1)).toEqual(times(0))
    }))

  it('reads old files without processor times', () =>
    withFolder(folder => {
      writeFileSync(join(folder, 'clock.jsonl'), '{"step":0,"seconds":3}\n')
      expect(timesOf(folder, 1)).toEqual([{ seconds: 3, processorSeconds: 0 }])
    }))

  it('does not stop a run if it cannot be written', () => {
    tick(join('no', 'such', 'folder'), 0, times(1)[0]!)
    forget(join('no', 'such', 'folder'))
  })
})
