/** `recordRun` where a killed run of an older version left a log without a header. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { recordRun, type Recording } from '../../../src/shell/record/Recording.js'
import { closedForm } from '../../support/closedForm.js'
import { configOf, headerOf, left, right, withFolder } from '../../support/recordedRun.js'
import { sampleAndDescend, type SampleAndDescendConfig } from '../../support/sampleAndDescend.js'

const { problem, data, backend } = headerOf('none', {})

const recording = (path: string): Recording<SampleAndDescendConfig> => ({
  path,
  config: configOf(),
  about: { problem, data, backend },
  interpreter: closedForm(),
})

it('starts a run over a log without a header, and over no other file', () =>
  withFolder(async folder => {
    const [whole, path] = [join(folder, 'whole.jsonl'), join(folder, 'run.jsonl')]
    right(await recordRun(sampleAndDescend)(recording(whole))())
    const text = readFileSync(whole, 'utf8')
    for (const length of [0, 1, 40, text.indexOf('\n')]) {
      writeFileSync(path, text.slice(0, length))
      right(await recordRun(sampleAndDescend)(recording(path))())
      expect(readFileSync(path, 'utf8') === text, `${length} bytes of its header`).toBe(true)
    }
    for (const other of ['\n', '# Notes', '{"format":"another program/log"}']) {
      writeFileSync(path, other)
      left(await recordRun(sampleAndDescend)(recording(path))())
      expect(readFileSync(path, 'utf8')).toBe(other)
    }
  }))
