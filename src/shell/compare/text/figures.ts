/** Formats the numbers of a comparison, with as many digits as their standard error justifies. */
import type { Estimate, PairedDifference } from '../result/statistics.js'

/** The text of a missing value. */
export const nothing = '–'

const minus = (text: string): string => text.replace('-', '−')

/** A mean and its standard error, if there is one: `["0.3401", "0.0021"]`. */
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

/** A mean and its standard error on one line: `0.3401 ± 0.0021`. */
export const inline = (value: Estimate | null, digits: number, scale = 1): string => {
  const [mean, error] = parts(value, digits, scale)
  return error === null ? mean : `${mean} ± ${error}`
}

/** A mean and its standard error on two lines. */
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

/** A number of epochs, rounded; `null` means that the target was not reached. */
export const epochs = (value: number | null): string => (value === null ? 'not reached' : value.toFixed(0))
