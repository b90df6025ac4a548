import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  compareFromFile,
  compareFromPreset,
  contendersFor,
} from '../../../src/shell/compare/CompareConfig.js'
import { seedsOf } from '../../../src/shell/compare/prepare.js'
import { presets } from '../../../src/shell/config/presets.js'
import { left, right, withFolder } from '../../support/recordedRun.js'

const task = {
  data: { source: 'mnist', train: 600, validation: 400 },
  network: { kind: 'mlp', hidden: [8] },
  hyperparameters: { family: 'l2', per: 'layer', lower: -4, upper: 4 },
  solver: {},
  seed: 3,
}

const from = (config: object) =>
  withFolder(folder => {
    const path = join(folder, 'my-task.json')
    writeFileSync(path, JSON.stringify(config))
    return compareFromFile(path)
  })

const known = ['bilevel', 'grid', 'random']
const labels = (contenders: ReadonlyArray<{ readonly label: string }>) => contenders.map(({ label }) => label)

describe('the configuration of a comparison', () => {
  it('may list methods with options and labels, and then compares those', async () => {
    const config = right(
      await from({
        ...task,
        methods: [
          { name: 'random', solves: 4 },
          { name: 'bilevel', label: 'long', pair: { steps: 200 } },
        ],
      }),
    )
    expect(config.named).toMatchObject({ name: 'my-task', config: { seed: 3 } })
    expect(right(contendersFor(known, null)(config))).toEqual([
      { label: 'random', method: 'random', options: { solves: 4 } },
      { label: 'long', method: 'bilevel', options: { pair: { steps: 200 } } },
    ])
    // `--methods` may add others, with their defaults.
    expect(right(contendersFor(known, ['grid', 'long'])(config))).toMatchObject([
      { label: 'grid', method: 'grid', options: {} },
      { label: 'long' },
    ])
  })

  it('with one method gives that one its options, and compares all methods', async () => {
    const config = right(await from({ ...task, method: { name: 'random', solves: 4 } }))
    expect(right(contendersFor(known, null)(config))).toEqual([
      { label: 'bilevel', method: 'bilevel', options: {} },
      { label: 'grid', method: 'grid', options: {} },
      { label: 'random', method: 'random', options: { solves: 4 } },
    ])
  })

  it('may be that of a preset', () => {
    for (const name of Object.keys(presets))
      expect(labels(right(contendersFor(known, null)(right(compareFromPreset(name)))))).toEqual([
        ...known,
        // The preset's own method, which is not among the three.
        ...(name.endsWith('-tracking') ? ['tracking'] : []),
      ])
    expect(left(compareFromPreset('mnist-mlp-2k')).message).toContain('Did you mean')
  })

  it.each([
    [{ ...task, methods: [] }, '`methods` lists 0 methods'],
    [{ ...task, methods: {} }, '`methods` must be a list of methods'],
    [{ ...task, methods: [{}] }, '`methods[0].name`'],
    [{ ...task, methods: ['bilevel'] }, '`methods[0]`'],
    [{ ...task, methods: [{ name: 'bilevel' }, { name: 'bilevel' }] }, 'lists "bilevel" twice'],
    [{ ...task, methods: [{ name: 'bilevel', label: '../x' }] }, '`label` must be a short name'],
    [{ ...task, methods: [{ name: 'bilevel' }], method: { name: 'bilevel' } }, 'both `method` and `methods`'],
    [{ ...task, methods: [{ name: 'bilevel' }], sede: 3 }, 'Did you mean "seed"'],
    [{ ...task }, '`method`'],
    [{ ...task, solver: { epochs: -1 }, methods: [{ name: 'bilevel' }] }, '`solver.epochs`'],
  ])('is refused with the name of the field (%#)', async (config, problem) => {
    const { _tag, message } = left(await from(config))
    expect(_tag).toBe('BadInput')
    expect(message).toContain('my-task.json')
    expect(message).toContain(problem)
  })

  it('applies the training settings of its one method to every method', () => {
    const found = right(contendersFor(known, null)(right(compareFromPreset('groups-mnist-4'))))
    for (const { method, options } of found) {
      expect(options).toMatchObject({ solve: { tolerance: 2e-4, coldEpochs: 200 } })
      if (method !== 'bilevel') expect(Object.keys(options)).toEqual(['solve'])
    }
  })

  it('refuses unknown and repeated methods', async () => {
    const config = right(await from({ ...task, method: { name: 'bilevel' } }))
    expect(left(contendersFor(known, ['bilevel', 'gird'])(config)).message).toContain(
      'Known: bilevel, grid, random',
    )
    expect(left(contendersFor(known, ['grid', 'grid'])(config)).message).toContain('names grid twice')
  })
})

describe('seeds', () => {
  it('are consecutive from the configuration’s seed, or those listed', () => {
    expect(seedsOf({ count: 3 }, 4)).toEqual([4, 5, 6])
    expect(seedsOf({ list: [7, 0] }, 4)).toEqual([7, 0])
  })
})
