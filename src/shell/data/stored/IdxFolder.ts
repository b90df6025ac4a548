/** Reads a folder with four IDX files named like MNIST's; MNIST and Fashion-MNIST have this form. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { sequenceS } from 'fp-ts/lib/Apply.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { badInput, type ShellError } from '../../base/ShellError.js'
import { readIdxPair } from '../formats/idxFiles.js'
import type { Pool } from '../set/Pool.js'
import type { Input } from '../formats/readInput.js'

export type Part = 'train' | 'test'
export type Kind = 'images' | 'labels'

/** The names of the files. */
export const names = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
} as const satisfies Record<Part, Record<Kind, string>>

/** A folder, with texts for messages. */
export interface IdxFolder {
  readonly folder: string
  readonly title: string
  /** What to do if a file cannot be used; a full sentence. */
  readonly advice: string
}

/** The usual variants of a file's name. */
const spellings = (name: string): ReadonlyArray<string> =>
  [name, name.replace(/-(idx\d)/, '.$1')].flatMap(plain => [plain, `${plain}.gz`])

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** The first variant of a file's name that exists in the folder. Errors: `BadInput` if none does. */
export const findFile =
  ({ folder, title, advice }: IdxFolder) =>
  (part: Part, kind: Kind): TE.TaskEither<ShellError, Input> =>
  async () => {
    const name = names[part][kind]
    const what = `the ${title} ${part === 'train' ? 'training' : 'test'} ${kind}`
    for (const spelling of spellings(name)) {
      const path = join(folder, spelling)
      if (await exists(path)) return E.right({ path, what, advice })
    }
    return E.left(
      badInput(
        `The folder "${folder}" holds no file of ${what}; it must be called ${spellings(name).join(', ')}. ${advice}`,
      ),
    )
  }

/** Reads the training or test part. Errors: `BadInput`, which names the bad file. */
export const readPart =
  (folder: IdxFolder, classes: number) =>
  (part: Part): TE.TaskEither<ShellError, Pool> =>
    pipe(
      sequenceS(TE.ApplySeq)({
        images: findFile(folder)(part, 'images'),
        labels: findFile(folder)(part, 'labels'),
      }),
      TE.chain(({ images, labels }) => readIdxPair({ images, labels, classes })),
    )
