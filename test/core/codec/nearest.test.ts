import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distance, nearest } from '../../../src/core/codec/nearest.js'

describe('distance', () => {
  it('is 0 for equal words, symmetric, and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(distance(a, a)).toBe(0)
        expect(distance(a, b)).toBe(distance(b, a))
        expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
        if (a !== b) expect(distance(a, b)).toBeGreaterThan(0)
      }),
    )
  })
  it('counts edits', () => {
    expect(distance('kitten', 'sitting')).toBe(3)
    expect(distance('trian', 'train')).toBe(1)
    expect(distance('', 'abc')).toBe(3)
  })
})

describe('nearest', () => {
  const known = ['source', 'train', 'validation', 'folder']
  it.each([
    ['trian', 'train'],
    ['Train', 'train'],
    ['val', 'validation'],
    ['folders', 'folder'],
    ['qqq', undefined],
    ['', undefined],
    ['x', undefined],
    ['x'.repeat(10_000), undefined],
  ])('%s → %s', (word, expected) => {
    expect(nearest(word, known)).toBe(expected)
  })

  it('allows one slip in a word of three letters, and not in the first', () => {
    expect(nearest('per', ['family', 'lower', 'upper'])).toBeUndefined()
    expect(nearest('gpu', ['node', 'wasm', 'cpu'])).toBeUndefined()
    expect(nearest('sed', ['space', 'seed'])).toBe('seed')
    expect(nearest('mpl', ['mlp', 'lenet', 'linear'])).toBe('mlp')
  })

  it('takes the word itself before those it begins with, and a slip before a prefix', () => {
    const names = ['net-1k', 'net-1k-global', 'net-5k']
    expect(nearest('NET-5K', names)).toBe('net-5k')
    expect(nearest('net-1k-gobal', names)).toBe('net-1k-global')
    expect(nearest('net', names)).toBe('net-1k')
  })
})
