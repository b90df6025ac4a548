import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { forget, secondsOf, tick } from '../../../src/shell/run/Clock.js'
import { withFolder } from '../../support/recordedRun.js'

describe('the clock of an unfinished run', () => {
  it('says when each step was recorded, and is gone once forgotten', () =>
    withFolder(folder => {
      expect(secondsOf(folder, 2)).toEqual([0, 0])
      tick(folder, 0, 0.5)
      tick(folder, 1, 2)
      expect(secondsOf(folder, 2)).toEqual([0.5, 2])
      forget(folder)
      expect(existsSync(join(folder, 'clock.jsonl'))).toBe(false)
      forget(folder)
    }))

  it('makes do with what is left of it, and never runs backwards', () =>
    withFolder(folder => {
      for (const [step, seconds] of [1, 4, 3, 6].entries()) tick(folder, step, seconds)
      const path = join(folder, 'clock.jsonl')
      writeFileSync(path, readFileSync(path, 'utf8').slice(0, -3))
      tick(folder, 4, 9)
      expect(secondsOf(folder, 6)).toEqual([1, 4, 4, 4, 9, 9])
      writeFileSync(path, 'no clock\n{"step":-1,"seconds":"x"}\n')
      expect(secondsOf(folder, 1)).toEqual([0])
    }))

  it('keeps no run from going on where it cannot be written', () => {
    tick(join('no', 'such', 'folder'), 0, 1)
    forget(join('no', 'such', 'folder'))
  })
})
