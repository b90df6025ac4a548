/** docs/reproduction.md is what the committed comparisons come to. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encode } from '../../src/shell/compare/result/Comparison.js'
import { experimentOf } from '../tools/authors.js'
import { comparisonOf, finished, metrics } from '../support/comparison.js'
import { withFolder } from '../support/recordedRun.js'
import { gridOf, truthOf, type KeptTruth } from '../tools/gridTruth.js'
import { deepTable, documentPath, gapToTruth, kept, reproduction } from '../tools/reproduction.js'

const task = {
  data: { source: 'mnist', train: 600, validation: 400 },
  network: { kind: 'mlp', hidden: [100] },
  hyperparameters: { family: 'l2', per: 'layer', lower: -10, upper: 4 },
}

const comparison = comparisonOf(
  [0, 1].flatMap(seed => [
    finished('bilevel', seed, {}, { refit: metrics(0.1, 0.3), bilevelWeights: metrics(0.2, 0.31) }),
    finished('random', seed, {}, { refit: metrics(0.1, 0.34 + seed / 100) }),
  ]),
  { task },
)

describe('the document on reproduction', () => {
  it('is the one that the committed comparisons make', async () => {
    const all = kept()
    expect(existsSync(documentPath)).toBe(all.length > 0)
    if (all.length > 0) expect(readFileSync(documentPath, 'utf8')).toBe(await reproduction(all))
  })

  it('measures Bayesian optimization by the least loss of a dense grid, on the same data', () => {
    const truth: KeptTruth = {
      preset: 'p',
      levels: 3,
      seed: 1,
      backend: 'wasm',
      solve: { maxEpochs: 100, tolerance: 1e-3 },
      machine: 'any',
      date: '2026-11-24',
      complete: true,
      points: [0.5, 0.4, null].map((upper, i) => ({ lambda: [i], upper })),
    }
    const of = (seed: number) =>
      comparisonOf([finished('bayesian', seed, {}, { trained: metrics(0.41, 0.5) })])
    expect(gapToTruth(of(1), truth)).toBeCloseTo(0.025, 12)
    expect(gapToTruth(of(0), truth)).toBeNull()
    expect(gridOf([-1, 0], [1, 4], 3)).toEqual(
      [-1, 0, 1].flatMap(first => [0, 2, 4].map(second => [first, second])),
    )
  })

  it('takes no grid for the truth that is not complete', () =>
    withFolder(folder => {
      expect(truthOf('p', folder)).toBeNull()
      const kept = { preset: 'p', levels: 2, seed: 0, backend: 'wasm', machine: '', date: '', points: [] }
      const text = { ...kept, solve: { maxEpochs: 100, tolerance: 1e-3 }, complete: false }
      writeFileSync(join(folder, 'p.json'), JSON.stringify(text))
      expect(truthOf('p', folder)).toBeNull()
      writeFileSync(join(folder, 'p.json'), '{}')
      expect(() => truthOf('p', folder)).toThrow('is no grid')
    }))

  it.each([
    [0.33, '0.0200', 'yes'],
    [0.34, '0.0100', 'no'],
    [0.36, '−0.0100', 'no'],
  ])('says by how much the deep network gains on Bayesian optimization: %f', (mine, gain, met) => {
    const deep = comparisonOf(
      [
        finished('bilevel', 0, {}, { refit: metrics(0.1, mine), bilevelWeights: metrics(0.2, 0.3) }),
        finished('bayesian', 0, {}, { refit: metrics(0.1, 0.35 + 1e-9) }),
      ],
      { contenders: ['bilevel', 'bayesian'].map(label => ({ label, method: label, options: {} })) },
    )
    expect(deepTable([{ name: 'mnist-deep-1k', comparison: deep, remarks: null }])[1]).toMatch(
      new RegExp(`\\| mnist-deep-1k \\| +30 \\| +${gain} \\| +${met} \\|`),
    )
  })

  it('has our table beside the authors’, and says which targets were met', async () => {
    const text = await reproduction([{ name: 'mnist-mlp-1k', comparison, remarks: 'It agrees.' }])
    for (const part of ['## mnist-mlp-1k', 'Bayesian, 100 trials', '0.4058', '0.3652, 0.3681', 'It agrees.'])
      expect(text).toContain(part)
    // Equal efforts are no half; 0.3 is below every test loss of theirs at this size.
    expect(text).toMatch(
      /^\| mnist-mlp-1k +\| +2 \| +1\.00 \| +1\.00 \| +no \| +yes \(random\) \| +0\.3000 \| +0\.3652 \| +yes \|$/m,
    )
  })

  it('reads what was kept, with the remarks beside it, and refuses what has not ended', () =>
    withFolder(folder => {
      const place = join(folder, 'a-task')
      mkdirSync(place)
      writeFileSync(join(place, 'comparison.json'), encode(comparison))
      writeFileSync(join(place, 'remarks.md'), 'So it is.\n')
      expect(kept(folder)).toEqual([{ name: 'a-task', comparison, remarks: 'So it is.' }])
      const [first] = comparison.runs
      const pending = comparisonOf(
        [first!, { _tag: 'Pending', label: 'random', seed: 0, folder: 'runs/random-seed0' }],
        { seeds: [0] },
      )
      writeFileSync(join(place, 'comparison.json'), encode(pending))
      expect(() => kept(folder)).toThrow('is not complete: 1 runs')
    }))

  it('knows the authors’ experiments by their tasks', () => {
    expect(experimentOf(task)).toEqual({ images: 1000, hyperparameters: 2 })
    expect(experimentOf({ ...task, hyperparameters: { per: 'model' } })).toEqual({
      images: 1000,
      hyperparameters: 1,
    })
    expect(experimentOf({ ...task, network: { kind: 'mlp', hidden: [100, 60, 40] } })).toBeNull()
    expect(experimentOf({ ...task, data: { source: 'mnist', train: 500, validation: 500 } })).toBeNull()
  })
})
