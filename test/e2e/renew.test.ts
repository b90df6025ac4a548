/** Repeats rows of a committed comparison. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  comparisonIn,
  encode,
  markdownIn,
  parse,
  type Comparison,
} from '../../src/shell/compare/result/Comparison.js'
import { markdown } from '../../src/shell/compare/text/markdown.js'
import { comparisonOf, finished, metrics, planOf } from '../support/comparison.js'
import { right } from '../support/recordedRun.js'
import { tinyConfig } from '../support/tinyRun.js'
import { renew, renewed } from '../tools/renew.js'
import { bilevel, scratch, smallConfig, writeConfig } from './support.js'

const provenance = { date: '2026-11-29', source: 'abc1234' }
const seeds = [0, 1]
const old = comparisonOf(seeds.flatMap(seed => [finished('bilevel', seed), finished('random', seed)]))
const [bilevelPlan] = planOf().contenders
const better = { trained: metrics(0.3, 0.4) }
const fresh = (change: (comparison: Comparison) => Comparison = same => same): Comparison =>
  change(
    comparisonOf(
      seeds.map(seed => finished('bilevel', seed, {}, better)),
      { contenders: [{ ...bilevelPlan!, options: { pair: { steps: 50 } } }] },
    ),
  )

describe('repeated runs', () => {
  it('take the place of the old ones of their method, with its options; all else stays', () => {
    const result = right(renewed(old, provenance)(fresh()))
    expect(result.runs).toEqual(
      seeds.flatMap(seed => [finished('bilevel', seed, {}, better), finished('random', seed)]),
    )
    expect(result.plan).toEqual({
      ...old.plan,
      contenders: [{ ...bilevelPlan, options: { pair: { steps: 50 } } }, old.plan.contenders[1]],
    })
    expect(result.machine).toEqual(old.machine)
    expect(result.renewed).toEqual([{ label: 'bilevel', ...provenance, machine: old.machine }])
    expect(right(parse(encode(result)))).toEqual(result)
    expect(markdown(result)).toContain(
      'The runs of bilevel were repeated on 2026-11-29 with the source at abc1234',
    )
    expect(markdown(old)).not.toContain('were repeated')
  })

  it('replace an earlier renewal of the method, and keep those of others', () => {
    const machine = { ...old.machine, processors: 64 }
    const before = ['bilevel', 'random'].map(label => ({ label, date: '2026-01-01', source: 'old', machine }))
    const result = right(renewed({ ...old, renewed: before }, provenance)(fresh()))
    expect(result.renewed).toEqual([before[1], { label: 'bilevel', ...provenance, machine: old.machine }])
  })

  it('are still said to be such where there are many hyperparameters, whose names the file has once', () => {
    const hyperparameters = Array.from({ length: 100 }, (_, k) => `l2[${k}]`)
    const many = (comparison: Comparison): Comparison => ({
      ...comparison,
      runs: comparison.runs.map(run => (run._tag === 'Finished' ? { ...run, hyperparameters } : run)),
    })
    const result = right(renewed(many(old), provenance)(fresh(many)))
    expect(JSON.parse(encode(result))).toMatchObject({ version: 2 })
    expect(right(parse(encode(result)))).toEqual(result)
  })

  it.each<[string, (comparison: Comparison) => Comparison, string]>([
    [
      'task',
      c => ({ ...c, plan: { ...c.plan, task: { ...c.plan.task, solver: { epochs: 51 } } } }),
      '`task.solver',
    ],
    [
      'budget',
      c => ({ ...c, plan: { ...c.plan, budget: { ...c.plan.budget, solves: 31 } } }),
      '`budget.solves`',
    ],
    ['backend', c => ({ ...c, plan: { ...c.plan, backend: 'node' } }), '`backend`'],
    ['seeds', c => ({ ...c, plan: { ...c.plan, seeds: [0, 2] } }), '`seeds'],
    [
      'method',
      c => ({ ...c, plan: { ...c.plan, contenders: [{ ...bilevelPlan!, method: 'grid' }] } }),
      'bilevel is not in the comparison',
    ],
    [
      'data',
      c => ({
        ...c,
        runs: c.runs.map(run =>
          run._tag === 'Finished' ? { ...run, data: { ...run.data, fingerprint: 'x' } } : run,
        ),
      }),
      'At seed 0 the new runs were trained on other data',
    ],
    [
      'end',
      c => ({
        ...c,
        runs: c.runs.map(({ label, seed, folder }) => ({ _tag: 'Pending', label, seed, folder })),
      }),
      'has not ended',
    ],
  ])('are refused where they have another %s', (_, change, problem) => {
    const result = renewed(old, provenance)(fresh(change))
    expect(E.isLeft(result) ? result.left : null).toContain(problem)
  })

  it('are those of `bilevel compare` for that method alone, and are not run twice', async () => {
    const folder = scratch()
    const { method, ...task } = smallConfig
    const methods = [method, { name: 'random', solve: { coldEpochs: 12 } }]
    const config = writeConfig(join(folder, 'task.json'), { ...task, data: tinyConfig.data, methods })
    const [whole, committed] = [join(folder, 'whole'), join(folder, 'committed')]
    const args = ['--seeds', '1', '--budget', '8', '--backend', 'wasm', '--no-report', '--out', whole]
    const { code, err } = await bilevel(['compare', config, ...args])
    expect(code, err).toBe(0)
    mkdirSync(committed)
    copyFileSync(comparisonIn(whole), comparisonIn(committed))
    writeFileSync(markdownIn(committed), '')
    const made = right(parse(readFileSync(comparisonIn(whole), 'utf8')))
    // As it would be if the method had been another one.
    const spoilt = made.runs.map(run =>
      run._tag === 'Finished' && run.label === 'bilevel'
        ? { ...run, message: 'It was another method.' }
        : run,
    )
    writeFileSync(comparisonIn(committed), encode({ ...made, runs: spoilt }))
    const options = { folder: committed, methods: ['bilevel'], task: [config], jobs: 1, ...provenance }
    const once = await renew({ ...options, out: join(folder, 'anew') })
    const lasting = ({ runs }: Comparison): unknown =>
      runs.map(run => (run._tag === 'Finished' ? { ...run, timings: null } : run))
    expect(lasting(once)).toEqual(lasting(made))
    expect(once.runs[1]).toEqual(made.runs[1])
    expect(readFileSync(markdownIn(committed), 'utf8')).toContain('The runs of bilevel were repeated')
    // Seconds included.
    expect(await renew({ ...options, out: join(folder, 'anew') })).toEqual(once)
    await expect(renew({ ...options, methods: ['grid'], out: join(folder, 'none') })).rejects.toThrow(
      'no runs of grid',
    )
  })
})
