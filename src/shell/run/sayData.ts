/** Says how the data of a run was read, and what looks wrong in it. */
import { size, type Splits } from '../data/set/ImageSet.js'
import * as Standardisation from '../data/set/Standardisation.js'
import { suspicions } from '../data/set/suspicions.js'
import type { Status } from './statusLine.js'

const number = (value: number): string => value.toLocaleString('en-US')

/** Sizes, form and scale of the sets, in one line. */
export const dataLine = ({ train, validation, test, reading }: Splits): string =>
  `Data: ${number(size(train))} training, ${number(size(validation))} validation and ` +
  `${test === null ? 'no' : number(size(test))} test images of ${train.shape.join('×')} in ${train.classes} classes; ` +
  `every pixel was divided by ${reading?.scale ?? 255}.`

/** What a person should know of the data, each in full sentences. */
export const remarks = (splits: Splits): ReadonlyArray<string> => [
  ...new Set(splits.reading?.notes ?? []),
  ...suspicions(splits).map(text => `Warning: ${text}`),
]

/** Says it where there was something to decide, or something looks wrong. */
export const sayData =
  (status: Status) =>
  (splits: Splits): void => {
    if (splits.reading !== undefined) status.note(dataLine(splits))
    if (splits.standardisation !== undefined)
      status.note(`The pixels are ${Standardisation.text(splits.standardisation)}.`)
    remarks(splits).forEach(status.note)
  }
