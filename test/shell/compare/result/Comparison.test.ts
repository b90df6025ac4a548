import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparisonOf, finished } from '../../../support/comparison.js'
import { comparisonIn, encode, parse, read, write } from '../../../../src/shell/compare/result/Comparison.js'
import { left, right, withFolder } from '../../../support/recordedRun.js'

const comparison = comparisonOf([
  finished('bilevel', 0),
  { _tag: 'Failed', label: 'random', seed: 0, folder: 'runs/random-seed0', reason: 'It diverged.' },
  finished('bilevel', 1, {}, { trained: null, refit: null }),
  { _tag: 'Pending', label: 'random', seed: 1, folder: 'runs/random-seed1' },
])
const text = encode(comparison)

describe('comparison.json', () => {
  it('survives a round trip', () =>
    withFolder(folder => {
      expect(right(parse(text))).toEqual(comparison)
      right(write(folder, comparison))
      expect(right(read(folder))).toEqual(comparison)
      expect(encode(right(read(folder))!)).toBe(text)
      expect(readdirSync(folder)).toEqual(['comparison.json'])
    }))

  it('stores long lists of hyperparameter names once, and gives them to each run when read', () => {
    const names = Array.from({ length: 784 }, (_, k) => `pixel ${k}`)
    const lambda = names.map((_, k) => k / 3)
    const runs = [0, 1].map(seed => {
      const run = finished('bilevel', seed, { hyperparameters: names })
      return { ...run, result: { ...run.result, lambda } }
    })
    const many = comparisonOf([runs[0]!, finished('random', 0), runs[1]!, finished('random', 1)])
    // All runs of a comparison have the same hyperparameters.
    const shared = { ...many, runs: many.runs.map(run => ({ ...run, hyperparameters: names })) }
    const compact = encode(shared)
    expect(compact.split('"pixel 7"')).toHaveLength(2)
    expect(compact.split('\n').length).toBeLessThan(400)
    expect(right(parse(compact))).toEqual(shared)
    expect(encode(right(parse(compact)))).toBe(compact)
    expect(right(parse(JSON.stringify(shared)))).toEqual(shared)
    // If one run has other names, each run keeps its own.
    expect(right(parse(encode(many)))).toEqual(many)
  })

  it('is null if the file is missing', () =>
    withFolder(folder => {
      expect(right(read(folder))).toBeNull()
    }))

  it.each([
    ['', 'is not JSON'],
    ['{}', 'has no field `format`'],
    ['[1]', 'is not a JSON object'],
    [text.slice(0, -10), 'is not JSON'],
    [text.replace('"version": 1', '"version": 3'), 'has version 3'],
    [text.replace('"version": 1', '"version": 2'), 'hyperparameters'],
    [text.replace('"loss": 0.4', '"loss": null'), 'loss'],
    [text.replace('"loss": 0.4', '"loss": 1e999'), 'a finite number'],
    [text.replace('"wasm"', '"abacus"'), '`plan.backend`'],
    [text.replace('"label": "random"', '"label": "../.."'), 'label'],
    [text.replace('runs/random-seed1', 'runs/../../x'), 'are not those of its `plan`'],
    [text.replace('"seeds": [\n   0,\n   1', '"seeds": [\n   0,\n   0'), 'are not those of its `plan`'],
    [
      text.replace('"seeds": [\n   0,\n   1', '"seeds": [\n   0,\n   1,\n   2'),
      'are not those of its `plan`',
    ],
    ['{"format":'.padEnd(200, '['), 'nests more than'],
    [
      `{"format":"bilevel-hpo/comparison","version":1,"runs":[${'0,'.repeat(70_000)}0]}`,
      'more than 65536 entries',
    ],
  ])('is refused where it is damaged (%#)', (damaged, problem) => {
    expect(damaged).not.toBe(text)
    expect(left(parse(damaged))).toContain(problem)
  })

  it('is read or refused, but never throws, after any damage', () =>
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(40), fc.string({ maxLength: 8 }), (at, length, put) => {
        const result = parse(text.slice(0, at) + put + text.slice(at + length))
        return result._tag === 'Left' ? result.left.length > 0 : encode(result.right).length > 0
      }),
    ))

  it('is refused with its path and advice', () =>
    withFolder(folder => {
      writeFileSync(comparisonIn(folder), '{"format": 3}')
      const { _tag, message } = left(read(folder))
      expect(_tag).toBe('BadInput')
      expect(message).toContain(comparisonIn(folder))
      expect(message).toContain('Restore it')
    }))

  it('is refused if it is a folder', () =>
    withFolder(folder => {
      mkdirSync(comparisonIn(folder))
      expect(left(read(folder))._tag).toBe('BadInput')
    }))
})
