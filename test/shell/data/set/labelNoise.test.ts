import { describe, expect, it } from 'vitest'
import { withLabelNoise } from '../../../../src/shell/data/set/labelNoise.js'
import { blobs } from '../../train/fixtures.js'

const set = blobs(5000, [2, 2, 1], 10, 3)

describe('label noise', () => {
  it('replaces a share of the labels, keeps the truth, and leaves the set that it was given alone', () => {
    const before = set.labels.slice()
    const noisy = withLabelNoise(0.5, 1)(set)
    expect(set.labels).toEqual(before)
    expect(noisy.truth).toEqual(before)
    expect(noisy.images).toBe(set.images)
    const wrong = noisy.labels.filter((label, i) => label !== before[i]).length
    // Of 2,500 that are drawn anew, one in ten is what it was: 2,250, with a deviation of 15.
    expect(Math.abs(wrong - 2250)).toBeLessThan(75)
    const counts = Array.from({ length: 10 }, (_, c) => noisy.labels.filter(label => label === c).length)
    expect(Math.min(...counts)).toBeGreaterThan(420)
  })

  it('is the same by seed, another by another seed, and none at 0', () => {
    expect(withLabelNoise(0.3, 4)(set).labels).toEqual(withLabelNoise(0.3, 4)(set).labels)
    expect(withLabelNoise(0.3, 4)(set).labels).not.toEqual(withLabelNoise(0.3, 5)(set).labels)
    expect(withLabelNoise(0, 4)(set).labels).toEqual(set.labels)
  })
})
