/**
 * Means over seeds, with standard errors and confidence intervals.
 *
 * Notation
 * - n: number of seeds.
 * - s: standard deviation of the values, s² = Σ(xᵢ − x̄)²/(n − 1).
 * - standard error of the mean: s/√n.
 */
import { reach } from './studentsT.js'

/**
 * A mean over seeds.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { analyseComparison, type Estimate, type PairedDifference, readComparison } from 'bilevel-hpo/shell'
 *
 * const read = readComparison('comparison')
 * const analysis = E.isRight(read) && read.right !== null ? analyseComparison(read.right) : null
 * const estimate: Estimate | null = analysis?.standings[0]?.of.refitTestLoss ?? null
 * const difference: PairedDifference | null = analysis?.duels[0]?.of.refitTestLoss ?? null
 * // Five seeds each; the interval is around the mean.
 * const told = [estimate?.n, difference?.n, difference !== null && difference.interval![0] < difference.mean] // => [5, 5, true]
 * ```
 */
export interface Estimate {
  readonly n: number
  readonly mean: number
  /** `null` if there is only one value: its spread is unknown. */
  readonly standardError: number | null
}

/** A mean difference between two methods on the same seeds. */
export interface PairedDifference extends Estimate {
  /** The 95 % confidence interval of the mean; `null` for one pair. */
  readonly interval: readonly [lower: number, upper: number] | null
}

/** Mean and standard error; `null` if there are no values. */
export const estimate = (values: ReadonlyArray<number>): Estimate | null => {
  const n = values.length
  if (n === 0) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  if (n === 1) return { n, mean, standardError: null }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  return { n, mean, standardError: Math.sqrt(variance / n) }
}

/** The confidence of every interval. */
export const confidence = 0.95

/**
 * The mean of the differences a − b of pairs, with Student's interval: x̄ ± t(n − 1)·s/√n (Student, 1908). The interval
 * assumes normally distributed differences. Three or five of them are too few to check that.
 */
export const pairedDifference = (
  pairs: ReadonlyArray<readonly [a: number, b: number]>,
): PairedDifference | null => {
  const found = estimate(pairs.map(([a, b]) => a - b))
  if (found === null) return null
  const { n, mean, standardError } = found
  if (standardError === null) return { ...found, interval: null }
  const half = reach(confidence, n - 1) * standardError
  return { ...found, interval: [mean - half, mean + half] }
}

/**
 * The median of values, where `null` means never reached and counts as larger than any number. Returns `null` if the median
 * itself was not reached, or if there are no values.
 */
export const medianReached = (values: ReadonlyArray<number | null>): number | null => {
  const ranked = values.map(value => value ?? Infinity).sort((a, b) => a - b)
  const n = ranked.length
  const middle = (ranked[Math.floor((n - 1) / 2)]! + ranked[Math.floor(n / 2)]!) / 2
  return n > 0 && Number.isFinite(middle) ? middle : null
}
