/** Reads a pair of IDX files that a user named: images and their labels. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { ShellError } from '../../base/ShellError.js'
import { decodeImages, decodeLabels, imagesSize, labelsSize } from './idx.js'
import type { SizeOf } from './inflate.js'
import { make, type Pool } from '../set/Pool.js'
import { decodeInput, readInput, refused, unpackedInput, type Input } from './readInput.js'

export interface IdxPair {
  readonly images: Input
  readonly labels: Input
  readonly classes: number
}

/** Reads and decodes both files, gzipped or not. Errors: `BadInput`, which names the bad file. */
export const readIdxPair = ({ images, labels, classes }: IdxPair): TE.TaskEither<ShellError, Pool> => {
  const read = <A>(
    input: Input,
    sizeOf: SizeOf,
    decode: (bytes: Uint8Array) => E.Either<string, A>,
  ): TE.TaskEither<ShellError, A> =>
    pipe(readInput(input), TE.chain(unpackedInput(input, sizeOf)), TE.chain(decodeInput(input, decode)))
  return pipe(
    TE.Do,
    // First, since their number is what the images are checked by before they are unpacked.
    TE.bind('labels', () => read(labels, labelsSize, decodeLabels(classes))),
    TE.bind('images', found => read(images, imagesSize(found.labels.length), decodeImages)),
    TE.chainEitherK(decoded =>
      pipe(
        make(decoded.images, decoded.labels, classes),
        E.mapLeft(problem => refused(labels, `with the images in "${images.path}", ${problem}`)),
      ),
    ),
  )
}
