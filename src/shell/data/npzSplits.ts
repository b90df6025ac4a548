/** Reads sets that are already split, from NPZ files. The scale of their pixels is decided when all of them are there. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { optional } from '../base/optional.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { defaultClasses, type NpzData } from './DataConfig.js'
import { readInput, refused, type Input } from './formats/readInput.js'
import type { ImageSet, Splits } from './set/ImageSet.js'
import * as PixelScale from './set/PixelScale.js'
import type { RawSet } from './set/RawSet.js'

/** Where the sets come from. */
export interface NpzSources {
  /** A file that the configuration's field `data.<field>` names. */
  readonly input: (path: string, what: string, field: string) => Input
  /** MNIST's test set, which the configuration may ask for. It is scaled already. */
  readonly mnist: TE.TaskEither<ShellError, ImageSet>
}

/** The refusal of sets whose pixels have no common scale. `problem`: a clause. */
export const unscaled = (problem: string): ShellError =>
  badInput(
    `The pixels of the data cannot be scaled: ${problem}. docs/data.md has the rules for \`data.scale\`.`,
  )

const reader =
  (classes: number, { input }: NpzSources) =>
  (name: string, path: string, field: string): TE.TaskEither<ShellError, RawSet> => {
    const file = input(path, `the NPZ file of the ${name} set`, field)
    return pipe(
      TE.Do,
      // First, since without it no file can be read.
      TE.bind('npz', () => optional(() => import('./formats/decodeNpz.js'))),
      TE.bind('bytes', () => readInput(file)),
      TE.chain(({ bytes, npz }) =>
        pipe(
          npz.decodeNpz(classes)(bytes),
          TE.mapLeft(problem => refused(file, problem)),
        ),
      ),
    )
  }

/** Reads the sets of a configuration. Errors: `BadInput` for a bad file, or pixels without a common scale. */
export const npzSplits = (config: NpzData, sources: NpzSources): TE.TaskEither<ShellError, Splits> => {
  const { test = null, classes = defaultClasses } = config
  const read = reader(classes, sources)
  return pipe(
    TE.Do,
    TE.bind('train', () => read('training', config.train, 'train')),
    TE.bind('validation', () => read('validation', config.validation, 'validation')),
    TE.bind('test', () => (test === null || test === 'mnist' ? TE.right(null) : read('test', test, 'test'))),
    TE.bind('scale', ({ train, validation, test }) =>
      pipe(
        [
          { name: 'training', set: train },
          { name: 'validation', set: validation },
          { name: 'test', set: test },
        ].flatMap(({ name, set }) => (set === null ? [] : [{ name, pixels: set.pixels }])),
        PixelScale.decide(config.scale),
        E.mapLeft(unscaled),
        TE.fromEither,
      ),
    ),
    TE.bind('mnist', () => (test === 'mnist' ? sources.mnist : TE.right(null))),
    TE.map(({ scale, mnist, ...raw }): Splits => {
      const images = PixelScale.scaled(scale)
      return {
        train: images(raw.train),
        validation: images(raw.validation),
        test: raw.test === null ? mnist : images(raw.test),
        reading: {
          scale,
          notes: [raw.train, raw.validation, raw.test].flatMap(set => set?.notes ?? []),
        },
      }
    }),
  )
}
