import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { ShellError } from '../../../src/shell/base/ShellError.js'
import { decodeRunConfig, methodConfig, type RunConfig } from '../../../src/shell/config/RunConfig.js'
import { dryRunText, duration } from '../../../src/shell/cli/dryRunText.js'
import { hyperparametersOf } from '../../../src/shell/model/Hyperparameters.js'
import { networkOf } from '../../../src/shell/model/NetworkConfig.js'
import { start } from '../../../src/shell/record/driver.js'
import { methodNamed, methods } from '../../../src/shell/record/Methods.js'
import { checkSections } from '../../../src/shell/run/checkSections.js'
import { dryRun } from '../../../src/shell/run/DryRun.js'
import { mostEpochs } from '../../../src/shell/run/estimate.js'
import { tune } from '../../../src/shell/run/tune.js'
import { cases } from '../../support/cases.js'
import { left, right } from '../../support/recordedRun.js'

const files = fileURLToPath(new URL('../../data/npz', import.meta.url))
const nowhere = { source: 'npz', train: 'nowhere.npz', validation: 'nowhere.npz' }
const mnist = { source: 'mnist', train: 600, validation: 400 }

const config = (changed: object): RunConfig =>
  right(
    decodeRunConfig('mine')({
      data: nowhere,
      network: { kind: 'linear' },
      hyperparameters: { family: 'l2' },
      solver: {},
      method: { name: 'random' },
      seed: 0,
      ...changed,
    }),
  )

const folder = mkdtempSync(join(tmpdir(), 'bilevel-dry-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const lines: string[] = []
const audience = {
  status: { show: () => undefined, note: (line: string) => void lines.push(line), clear: () => undefined },
  signals: { on: () => undefined, off: () => undefined, exit: () => undefined },
}
const options = (changed: object) => ({
  ...audience,
  methods,
  named: { source: 'mine', name: 'mine', baseFolder: files, config: config(changed) },
  folder: join(folder, 'run'),
  backend: 'wasm' as const,
  workers: 1,
})

describe('every section is checked before any data is loaded', () => {
  const wrong: ReadonlyArray<readonly [string, object, string]> = [
    [
      'an unknown method',
      { method: { name: 'gird' } },
      'Field `method.name`: there is no method called "gird"',
    ],
    [
      'an unknown option',
      { method: { name: 'grid', budjet: {} } },
      '`method.budjet` is not known. Did you mean "budget"?',
    ],
    [
      'a budget that covers no training',
      { method: { name: 'random', budget: { effortEpochs: 3 } } },
      'effortEpochs',
    ],
    [
      'a section of the wrong type',
      { method: { name: 'bilevel', pair: { steps: -1 } } },
      '`method.pair.steps`',
    ],
    [
      'a network that is too large',
      { data: mnist, network: { kind: 'mlp', hidden: [100_000, 100_000] } },
      'weights, more than 50000000',
    ],
    ['two families of one name', { hyperparameters: [{ family: 'l2' }, { family: 'l2' }] }, 'l2'],
  ]
  it.each(wrong)('%s', async (_, changed, message) => {
    const results: ReadonlyArray<E.Either<ShellError, unknown>> = [
      await dryRun(options(changed))(),
      await tune(options(changed))(),
    ]
    for (const result of results) {
      const { _tag, message: said } = left(result)
      expect(_tag).toBe('BadInput')
      expect(said).toContain(message)
      expect(said).not.toContain('nowhere.npz')
    }
    expect(readdirSync(folder)).toEqual([])
  })

  it('and only then is a missing file found', async () => {
    expect(left(await dryRun(options({}))()).message).toContain('nowhere.npz')
  })

  it('and no configuration is refused that fits its data', () => {
    const shape = fc.tuple(
      fc.integer({ min: 8, max: 40 }),
      fc.integer({ min: 8, max: 40 }),
      fc.constantFrom(1, 3),
    )
    const network = fc.oneof(
      fc.constant({ kind: 'linear' }),
      fc.constant({ kind: 'lenet' }),
      fc.record({
        kind: fc.constant('mlp'),
        hidden: fc.array(fc.constantFrom(1, 20, 400_000), { maxLength: 2 }),
      }),
    )
    const family = fc.oneof(
      fc.record({
        family: fc.constantFrom('l2', 'l1'),
        per: fc.constantFrom('model', 'layer', 'kind', 'unit', 'input', 'block'),
      }),
      fc.record({ family: fc.constantFrom('exampleWeights', 'classWeights', 'labelSmoothing') }),
    )
    const method = fc.record({
      name: fc.constantFrom(...methods.keys()),
      budget: fc.record({ lowerLevelSolves: fc.constantFrom(1, 4, 30) }),
    })
    const count = fc.integer({ min: 1, max: 3000 })
    fc.assert(
      fc.property(shape, count, network, family, method, (form, examples, network, family, method) => {
        const written = { data: nowhere, network, hyperparameters: family, solver: {}, method, seed: 0 }
        const decoded = decodeRunConfig('mine')(written)
        if (E.isLeft(decoded)) return
        const { right: config } = decoded
        const fits = pipe(
          networkOf(config.network, form, 10),
          E.chain(made => hyperparametersOf(made, config.hyperparameters, examples)),
          // Thousands of hyperparameters take long to begin with.
          E.filterOrElseW(
            ({ space }) => space.length < 600,
            () => 'many',
          ),
          E.chainW(({ space }) =>
            pipe(
              methodNamed(methods)(config.method.name),
              E.chain(some =>
                some(typed =>
                  pipe(
                    methodConfig(typed)('mine', config, space, examples),
                    E.chain(start(typed)),
                    E.map(() => undefined),
                  ),
                ),
              ),
            ),
          ),
        )
        const checked = checkSections(methods)({ source: 'mine', config })
        if (E.isRight(fits)) expect(checked).toEqual(E.right(undefined))
      }),
      cases(300, 'heavy'),
    )
  })
})

describe('a dry run', () => {
  it('says what a run would do, and makes no folder', async () => {
    const found = right(
      await dryRun(
        options({ data: { source: 'npz', train: 'u_va.npz', validation: 'u_va_over.npz', classes: 3 } }),
      )(),
    )
    expect(found).toMatchObject({
      source: 'mine',
      shape: [6, 6, 1],
      scale: 1,
      network: { name: 'linear 36-3', weights: 111 },
      space: [{ name: 'l2', lower: -10, upper: 4 }],
      method: 'random',
      // 15 solves of 100 epochs; then a training, and one on twice as many images.
      time: { mostEpochs: 15 * 100 + 100 + 200 },
      remarks: [
        'Warning: 39 of 40 images of the validation set are also in the training set. On these the validation loss measures ' +
          'what was trained, and λ is chosen by it. Give sets without common images.',
      ],
    })
    expect(found.sets.map(({ name, images, counts }) => ({ name, images, counts }))).toEqual([
      { name: 'training', images: 40, counts: [14, 13, 13] },
      { name: 'validation', images: 40, counts: [14, 13, 13] },
    ])
    expect(found.sets.map(({ range }) => range)).toEqual([
      [0, Math.fround(0.81960785)],
      [0, 1],
    ])
    expect(found.time.secondsOfEpoch).toBeGreaterThan(0)
    expect(found.time.secondsOfEpoch).toBeLessThan(Infinity)
    expect(readdirSync(folder)).toEqual([])
    const text = dryRunText({ ...found, time: { secondsOfEpoch: 0.01, mostEpochs: 1800 } })
    expect(text).toContain('training set    40 images\n')
    expect(text).toContain('images          6×6×1 (height×width×channels), every pixel divided by 1\n')
    expect(text).toContain('pixels          training: 0…0.81961 in the files\n')
    expect(text).toContain('λ               1: l2 in [-10, 4]\n')
    expect(text).toContain('At most 18 s in one thread: at most 1,800 epochs')
    expect(text).toContain('to look at      Warning: 39 of 40 images')
  })

  it('trains a part of a large set only, with as many λ as that part has', async () => {
    const found = right(
      await dryRun(
        options({
          data: { source: 'npz', train: 'u_va.npz', validation: 'u_va_over.npz', classes: 3 },
          hyperparameters: { family: 'exampleWeights' },
          method: { name: 'bilevel', budget: { effortEpochs: 900 } },
        }),
      )(),
    )
    expect(found.space).toHaveLength(40)
    // The search is limited by its effort; two results are trained and refitted.
    expect(found.time.mostEpochs).toBe(900 + 2 * (100 + 200))
  })

  it.each([
    [0.1234, '0.12 s'],
    [12.3, '12 s'],
    [119, '119 s'],
    [600, '10 min'],
    [10_000, '2.8 h'],
  ])('says %d seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })

  it('knows no most epochs of a method with other options', () => {
    expect(mostEpochs({ rounds: 3 }, 600, 400)).toBeNull()
  })
})

describe('tune', () => {
  it('says how the data was read, and what looks wrong', async () => {
    lines.length = 0
    const short = { name: 'random', budget: { lowerLevelSolves: 1 }, solve: { coldEpochs: 1 }, refit: false }
    right(
      await tune(
        options({ data: { source: 'npz', train: 'u_va.npz', validation: 'u_va.npz' }, method: short }),
      )(),
    )
    expect(lines).toContain(
      'Data: 40 training, 40 validation and no test images of 6×6×1 in 10 classes; every pixel was divided by 1.',
    )
    expect(lines.find(line => line.startsWith('Warning: All 40 images of the validation set'))).toContain(
      'Were both read from one file?',
    )
  })
})
