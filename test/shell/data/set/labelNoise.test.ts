import { describe, expect, it } from 'vitest'
import { withLabelNoise } from '../../../../src/shell/data/set/labelNoise.js'
import { blobs } from '../../train/fixtures.js'

const set = blobs(5000, [2, 2, 1], 10, 3)

describe('label noise', () => {
  it('replaces a share of the labels, keeps the true labels, and does not change its argument', () => {
    const before = set.labels.slice()
    const noisy = withLabelNoise(0.5, 1)(set)
    expect(set.labels).toEqual(before)
    expect(noisy.truth).toEqual(before)
    expect(noisy.images).toBe(set.images)
    const wrong = noisy.labels.filter((label, i) => label !== before[i]).length
    // Of 2,500 redrawn labels one in ten stays the same: 2,250 change, with a standard deviation of 15.
    expect(Math.abs(wrong - 2250)).toBeLessThan(75)
    const counts = Array.from({ length: 10 }, (_, c) => noisy.labels.filter(label => label === c).length)
    expect(Math.min(...counts)).toBeGreaterThan(420)
  })

  it('is equal for equal seeds, different for different seeds, and absent at 0', () => {
    expect(withLabelNoise(0.3, 4)(set).labels).toEqual(withLabelNoise(0.3, 4)(set).labels)
    expect(withLabelNoise(0.3, 4)(set).labels).not.toEqual(withLabelNoise(0.3, 5)(set).labels)
    expect(withLabelNoise(0, 4)(set).labels).toEqual(set.labels)
  })
})
