/** Reads one part of a set whose four IDX files are in the cache. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { badInput, type ShellError } from '../../base/ShellError.js'
import { decodeImages, decodeLabels } from '../formats/idx.js'
import { names, type Part } from './IdxFolder.js'
import { make, type Pool } from '../set/Pool.js'
import { storedFiles, type FetchOptions, type StoredSet } from './StoredSet.js'

/** Reads images and labels of one part. The files have the pinned hash, so a decoding error is a bug of this program. */
export const readStored = (
  set: StoredSet,
  classes: number,
  part: Part,
  options: FetchOptions,
): TE.TaskEither<ShellError, Pool> =>
  pipe(
    storedFiles(set, options)([names[part].images, names[part].labels]),
    TE.chainEitherK(([images, labels]) =>
      pipe(
        E.Do,
        E.bind('images', () => decodeImages(images!)),
        E.bind('labels', () => decodeLabels(classes)(labels!)),
        E.chain(decoded => make(decoded.images, decoded.labels, classes)),
        E.mapLeft(problem =>
          badInput(`The cached ${set.title} files cannot be used: ${problem}. Fetch them again.`),
        ),
      ),
    ),
  )
