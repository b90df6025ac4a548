/** What `tune` refuses before it loads any data. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decodeRunConfig } from '../../../src/shell/config/RunConfig.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { status } from '../../../src/shell/run/statusLine.js'
import { tune } from '../../../src/shell/run/tune.js'
import { left, right, withFolder } from '../../support/recordedRun.js'

const messageFor = async (folder: string, method: object): Promise<string> => {
  const config = right(
    decodeRunConfig('mine.json')({
      // Loading it would fail with a message about the file.
      data: { source: 'npz', train: 'nowhere.npz', validation: 'nowhere.npz' },
      network: { kind: 'linear' },
      hyperparameters: { family: 'l2' },
      solver: {},
      method,
      seed: 0,
    }),
  )
  const result = await tune({
    methods,
    named: { source: 'mine.json', name: 'mine', baseFolder: folder, config },
    folder: join(folder, 'run'),
    backend: 'wasm',
    workers: 1,
    status: status({ write: () => true }, () => 0),
    signals: process,
  })()
  expect(E.isLeft(result) && existsSync(join(folder, 'run'))).toBe(false)
  return left(result).message
}

describe('tune refuses before any data is loaded', () => {
  it.each([
    [
      { name: 'bilevel', kernal: 'rbf' },
      'The configuration mine.json cannot be used: `method.kernal` is not known. Did you mean "kernel"? Known fields here: ' +
        'linearInCoefficients, kernel, design, ',
    ],
    [
      { name: 'bilevel', kernel: 'matern' },
      '`method.kernel` must be "rbf" or "matern52", but is "matern". Did you mean "matern52"? Correct it',
    ],
    [
      { name: 'bilvel' },
      'The configuration mine.json cannot be used: Field `method.name`: there is no method called "bilvel". Did you mean "bilevel"?',
    ],
    [
      { name: 'random', budget: { lowerLevelSolves: 0 } },
      '`method.budget.lowerLevelSolves` must be an integer ≥ 1',
    ],
    [{ name: 'bilevel', design: { size: 1e6 } }, '`method.design.size` asks for 1000000 points'],
  ])('%o', (method, why) =>
    withFolder(async folder => {
      expect(await messageFor(folder, method)).toContain(why)
    }),
  )

  it('and names the file of data otherwise', () =>
    withFolder(async folder => {
      expect(await messageFor(folder, { name: 'bilevel', design: { lower: [-5] } })).toContain('nowhere.npz')
    }))
})
