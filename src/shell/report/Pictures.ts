/**
 * Loads the training images of a run, for figures that show them. The log names the data, and the fingerprint verifies it.
 * A report never downloads a data set; missing images are left out, with the reason.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { decode, Natural } from '../../core/codec/Codec.js'
import type { Header } from '../../core/log/RunLog.js'
import { DataConfig } from '../data/DataConfig.js'
import type { ImageSet } from '../data/set/ImageSet.js'
import * as Standardisation from '../data/set/Standardisation.js'
import { optional } from '../base/optional.js'
import { describeData } from '../run/describeData.js'
import { badInput, type ShellError } from '../base/ShellError.js'

/** Returns the image of an example as a data URL: PNG with 8 bits per channel. */
export type Picture = (example: number) => string

/** A run's training set as it was before any standardisation, and how to show its images. */
export interface Pictures {
  readonly set: ImageSet
  readonly picture: Picture
}

const Problem = t.readonly(
  t.intersection([
    t.type({ data: DataConfig, seed: Natural }),
    t.partial({ baseFolder: t.union([t.string, t.null]) }),
  ]),
  'the problem of a run of a configuration',
)

const modules = optional(
  () =>
    Promise.all([
      import('../data/loadSplits.js'),
      import('../data/stored/StoredSet.js'),
      import('../data/stored/storedSets.js'),
      import('fast-png'),
    ]),
  'no example can be shown',
)

/** The bytes of an image with one or three channels. Grey images stay light on dark, as they are stored. */
const bytesOf = ({ images, shape: [height, width, channels] }: ImageSet, example: number): Uint8Array => {
  const pixels = height * width
  const shown = channels === 3 ? 3 : 1
  const start = example * pixels * channels
  return Uint8Array.from({ length: pixels * shown }, (_, i) =>
    Math.round(
      255 * Math.min(1, Math.max(0, images[start + Math.floor(i / shown) * channels + (i % shown)]!)),
    ),
  )
}

/**
 * The training images of a run. Errors: a sentence for the reader of the page. The log does not name the data, the data is
 * missing, or it has changed.
 */
export const picturesOf = ({ problem, data }: Header): TE.TaskEither<ShellError, Pictures> =>
  pipe(
    TE.Do,
    TE.bind('decoded', () =>
      TE.fromEither(
        pipe(
          decode(Problem)(problem),
          E.mapLeft(() => badInput('the log does not say where they come from.')),
        ),
      ),
    ),
    TE.bind('loaded', () => modules),
    TE.chainFirst(({ decoded, loaded: [, { statusOf }, { storedSets }] }) => {
      const { source } = decoded.data
      const stored = 'folder' in decoded.data ? undefined : storedSets().find(({ name }) => name === source)
      return stored === undefined
        ? TE.right(undefined)
        : pipe(
            TE.fromTask<{ readonly complete: boolean }, ShellError>(statusOf(stored)),
            TE.filterOrElse(
              ({ complete }) => complete,
              () =>
                badInput(
                  `${stored.title} is not in the cache. \`bilevel data fetch ${stored.name}\` puts it there.`,
                ),
            ),
            TE.map(() => undefined),
          )
    }),
    TE.chain(({ decoded, loaded: [{ loadSplits }, , , { encode }] }) =>
      pipe(
        loadSplits(decoded.data, { seed: decoded.seed, baseFolder: decoded.baseFolder ?? process.cwd() }),
        TE.filterOrElse(
          splits => describeData(splits).fingerprint === data.fingerprint,
          () => badInput('the data has changed since the run.'),
        ),
        TE.map((splits): Pictures => {
          const train = Standardisation.original(splits.standardisation)(splits.train)
          const [height, width, channels] = train.shape
          const picture: Picture = example => {
            const bytes = encode({
              width,
              height,
              data: bytesOf(train, example),
              depth: 8,
              channels: channels === 3 ? 3 : 1,
            })
            return `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`
          }
          return { set: train, picture }
        }),
      ),
    ),
  )
