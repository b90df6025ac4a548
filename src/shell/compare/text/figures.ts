/** Numbers of a comparison as text: as many digits as their standard error is worth. */
import type { Estimate, PairedDifference } from '../result/statistics.js'

/** What stands where nothing was measured. */
export const nothing = '–'

const minus = (text: string): string => text.replace('-', '−')

/** A mean, and its standard error where there is one: `["0.3401", "0.0021"]`. */
export const parts = (
  value: Estimate | null,
  digits: number,
  scale = 1,
): readonly [mean: string, standardError: string | null] =>
  value === null
    ? [nothing, null]
    : [
        minus((scale * value.mean).toFixed(digits)),
        value.standardError === null ? null : (scale * value.standardError).toFixed(digits),
      ]

/** The same in one piece: `0.3401 ± 0.0021`. */
export const inline = (value: Estimate | null, digits: number, scale = 1): string => {
  const [mean, error] = parts(value, digits, scale)
  return error === null ? mean : `${mean} ± ${error}`
}

/** The same in two lines. */
export const stacked = (value: Estimate | null, digits: number, scale = 1): string => {
  const [mean, error] = parts(value, digits, scale)
  return error === null ? mean : `${mean}\n±${error}`
}

/** A mean difference with its interval: `−0.012 [−0.020, −0.004]`. */
export const difference = (value: PairedDifference | null, digits: number, scale = 1): string => {
  if (value === null) return nothing
  const text = (x: number): string => `${x > 0 ? '+' : ''}${minus((scale * x).toFixed(digits))}`
  return value.interval === null
    ? text(value.mean)
    : `${text(value.mean)} [${value.interval.map(text).join(', ')}]`
}

/** A whole number of epochs. */
export const epochs = (value: number | null): string => (value === null ? 'not reached' : value.toFixed(0))
