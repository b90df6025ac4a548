import { describe, expect, it } from 'vitest'
import { analyse } from '../../../../src/shell/compare/result/Analysis.js'
import type { FinishedRun } from '../../../../src/shell/compare/result/Comparison.js'
import { markdown, verdictText } from '../../../../src/shell/compare/text/markdown.js'
import { comparisonTable } from '../../../../src/shell/compare/text/table.js'
import { comparisonOf, finished, metrics } from '../../../support/comparison.js'

const points = (...given: ReadonlyArray<readonly [number, number]>) =>
  given.map(([effortEpochs, loss]) => ({ effortEpochs, loss }))

/** A finished run with this refitted test loss and this trajectory. */
const run = (
  label: string,
  seed: number,
  test: number,
  retrained: FinishedRun['trajectory']['retrained'],
  trained = retrained,
): FinishedRun => finished(label, seed, { trajectory: { retrained, trained } }, { refit: metrics(0.1, test) })

const comparison = comparisonOf([
  run('bilevel', 0, 0.3, points([500, 0.5], [1000, 0.4]), points([500, 0.5], [600, 0.402], [1000, 0.4])),
  run('random', 0, 0.34, points([100, 0.6], [2000, 0.403])),
  run('bilevel', 1, 0.32, points([900, 0.3])),
  run('random', 1, 0.33, points([100, 0.5])),
])
const analysis = analyse(comparison)

describe('an analysis', () => {
  it('has means over the finished seeds', () => {
    const [bilevel, random] = analysis.standings
    expect(bilevel!.of.refitTestLoss!.mean).toBeCloseTo(0.31, 12)
    expect(bilevel!.of.refitTestLoss!.standardError).toBeCloseTo(0.01, 12)
    expect(random!.of.refitTestLoss!.mean).toBeCloseTo(0.335, 12)
    expect(bilevel!.of.ownTestLoss).toBeNull()
    expect([bilevel!.planned, bilevel!.finished, bilevel!.failed]).toEqual([2, 2, 0])
  })

  it('has differences at the same seeds', () => {
    const [duel] = analysis.duels
    // −0.04 and −0.01: mean −0.025, standard error 0.015, t(.975; 1) = 12.706.
    expect(duel!.rival).toBe('random')
    expect(duel!.of.refitTestLoss!.mean).toBeCloseTo(-0.025, 12)
    expect(duel!.of.refitTestLoss!.interval![0]).toBeCloseTo(-0.025 - 12.706204736 * 0.015, 8)
  })

  it('has the effort to come within one percent of the lowest loss of retrained weights at each seed', () => {
    expect(analysis.races).toEqual([
      {
        seed: 0,
        best: 0.4,
        target: 0.404,
        reached: [
          { label: 'bilevel', retrained: 1000, trained: 600 },
          { label: 'random', retrained: 2000, trained: 2000 },
        ],
      },
      {
        seed: 1,
        best: 0.3,
        target: 0.303,
        reached: [
          { label: 'bilevel', retrained: 900, trained: 900 },
          { label: 'random', retrained: null, trained: null },
        ],
      },
    ])
    expect(analysis.paces).toEqual([
      { label: 'bilevel', seeds: 2, retrained: 950, trained: 750, times: { retrained: 2, trained: 2 } },
      { label: 'random', seeds: 2, retrained: null, trained: null, times: { retrained: 1, trained: 1 } },
    ])
  })

  it('compares tracked weights with retrained ones, and path refits with refits', () => {
    const tracking = (seed: number, tracked: number, pathRefit: number): FinishedRun =>
      finished('tracking', seed, {}, { tracked: metrics(tracked, 0.5), pathRefit: metrics(0.02, pathRefit) })
    const task = comparisonOf(
      [
        tracking(0, 0.36, 0.27),
        run('random', 0, 0.3, points([100, 0.6])),
        tracking(1, 0.38, 0.29),
        run('random', 1, 0.32, points([100, 0.5])),
      ],
      {
        contenders: [
          { label: 'tracking', method: 'tracking', options: {} },
          { label: 'random', method: 'random', options: {} },
        ],
      },
    )
    const found = analyse(task)
    const [duel] = found.duels
    expect([duel?.label, duel?.rival]).toEqual(['tracking', 'random'])
    // Retrained weights of the rival have a validation loss of .4.
    expect(duel?.of.trackedValidationLoss?.mean).toBeCloseTo(-0.03, 12)
    expect(duel?.of.pathRefitTestLoss?.mean).toBeCloseTo(-0.03, 12)
    expect(markdown(task)).toMatch(/tracking: tracked, path refit ‡ .*0\.3700 .*0\.2800 /)
    expect(comparisonTable(task, found)).toContain('path refit')
    for (const line of comparisonTable(task, found).split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(markdown(comparison)).not.toContain('‡')
  })

  it('compares the bilevel method with its best rival', () => {
    expect(analysis.verdict).toMatchObject({
      bestRival: 'random',
      noWorse: true,
      effortRatio: { retrained: null },
    })
    const fast = analyse(
      comparisonOf(
        [run('bilevel', 0, 0.3, points([500, 0.4])), run('random', 0, 0.29, points([1000, 0.4]))],
        { seeds: [0] },
      ),
    )
    expect(fast.verdict).toMatchObject({
      effortRatio: { retrained: 0.5, trained: 0.5 },
      fastestRival: 'random',
      // One seed has no standard error.
      noWorse: false,
    })
    expect(verdictText(fast).join(' ')).toContain('0.50 with retrained weights')
  })

  it('calls a method worse only if it is so by more than one standard error', () => {
    const tests = [0.3, 0.31, 0.32]
    const worse = (by: ReadonlyArray<number>) =>
      analyse(
        comparisonOf(
          tests.flatMap((test, seed) => [
            run('bilevel', seed, test + by[seed]!, []),
            run('random', seed, test, []),
          ]),
          { seeds: [0, 1, 2] },
        ),
      ).verdict!.noWorse
    // Mean 0.01; standard errors 0.0110 and 0.0058.
    expect(worse([-0.01, 0.012, 0.028])).toBe(true)
    expect(worse([0, 0.01, 0.02])).toBe(false)
  })

  it('leaves failed and pending runs out, and says so', () => {
    const [first, second, third] = comparison.runs
    const partly = comparisonOf([
      first!,
      second!,
      third!,
      {
        _tag: 'Failed',
        label: 'random',
        seed: 1,
        folder: 'runs/random-seed1',
        reason: 'It | diverged.\nSo.',
      },
    ])
    const found = analyse(partly)
    expect(found.standings[1]).toMatchObject({ finished: 1, failed: 1, of: { refitTestLoss: { n: 1 } } })
    expect(found.duels[0]!.of.refitTestLoss).toMatchObject({ n: 1, interval: null })
    expect(comparisonTable(partly, found)).toContain('1 run(s) failed')
    expect(markdown(partly)).toContain('It \\| diverged. So.')
    const pending = comparisonOf(
      [first!, { _tag: 'Pending', label: 'random', seed: 0, folder: 'runs/random-seed0' }],
      { seeds: [0] },
    )
    expect(markdown(pending)).toContain('**Not complete: 1 of 2 runs')
  })

  it('is empty if no run has ended', () => {
    const nothing = comparisonOf(
      comparison.runs.map(({ label, seed, folder }) => ({ _tag: 'Pending', label, seed, folder })),
    )
    const found = analyse(nothing)
    expect(found.races).toEqual([])
    expect(found.verdict).toMatchObject({ bestRival: null, noWorse: null })
    expect(comparisonTable(nothing, found)).toContain('0/2')
    expect(markdown(nothing)).toContain('No run has ended yet.')
  })
})

describe('the printed table', () => {
  const label = 'a-label-as-long-as-they-may-be-'.padEnd(64, 'x')
  const long = comparisonOf(
    [0, 1].flatMap(seed => [
      finished(
        'bilevel',
        seed,
        {
          timings: {
            seconds: 12345.6 + seed,
            processorSeconds: 23456.7,
            totalSeconds: null,
            totalProcessorSeconds: null,
          },
        },
        {
          bilevelWeights: metrics(0.4 + seed, 0.4),
          lowerLevelSolves: 250 + seed,
          effortEpochs: 12345 + 999 * seed,
        },
      ),
      finished(label, seed),
    ]),
    {
      contenders: [
        { label: 'bilevel', method: 'bilevel', options: {} },
        { label, method: 'random', options: {} },
      ],
    },
  )

  it('has 80 columns', () => {
    const text = comparisonTable(long, analyse(long))
    for (const line of text.split('\n')) expect(line.trimEnd().length).toBeLessThanOrEqual(80)
    expect(text).toContain('†')
  })

  it('shows no standard error with one seed', () => {
    const one = comparisonOf([run('bilevel', 0, 0.3, []), run('random', 0, 0.3, [])], { seeds: [0] })
    const text = comparisonTable(one, analyse(one))
    expect(text).not.toMatch(/±\d/)
    expect(text).not.toMatch(/\[[−+\d]/)
    expect(text).toContain('One seed')
  })
})
