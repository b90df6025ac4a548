/**
 * What a run would do, found without doing it: the configuration is checked, the data is loaded and described, and a short
 * training measures the time. No run folder is made.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { SearchSpace } from '../../core/protocol/SearchSpace.js'
import { methodConfig } from '../config/RunConfig.js'
import { size, type ImageSet } from '../data/set/ImageSet.js'
import * as Standardisation from '../data/set/Standardisation.js'
import { classCounts } from '../data/set/suspicions.js'
import { start } from '../record/driver.js'
import { decaysIn } from '../base/WeightDecays.js'
import { methodNamed } from '../record/Methods.js'
import * as RunFolder from '../record/RunFolder.js'
import { backendOf } from '../train/backendOf.js'
import type { ShellError } from '../base/ShellError.js'
import { checkSections } from './checkSections.js'
import { mostEpochs, secondsOfEpoch } from './estimate.js'
import { remarks } from './sayData.js'
import { problemOf, type TuneOptions } from './tune.js'

/** A set of images. */
export interface SetFacts {
  readonly name: string
  readonly images: number
  /** The number of images of each class. */
  readonly counts: ReadonlyArray<number>
  /** The smallest and the largest pixel, after scaling and before any standardisation. */
  readonly range: readonly [number, number]
}

/** What a dry run found. */
export interface DryRun {
  readonly source: string
  readonly sets: ReadonlyArray<SetFacts>
  /** Height, width, channels. */
  readonly shape: ImageSet['shape']
  readonly scale: number
  /** How pixels were standardised, as a clause; `null` if they were not. */
  readonly standardised: string | null
  readonly network: { readonly name: string; readonly weights: number }
  readonly space: SearchSpace
  /** The bounds as weight decay, by the names of the L2 coefficients, if the configuration has them so. */
  readonly weightDecay: ReadonlyMap<string, readonly [number, number]>
  readonly method: string
  readonly backend: string
  readonly time: {
    /** Of one thread, for an epoch of the training set. */
    readonly secondsOfEpoch: number
    /** `null`: the method does not say. */
    readonly mostEpochs: number | null
  }
  /** On how files were read, and on what looks wrong. */
  readonly remarks: ReadonlyArray<string>
}

const factsOf = (name: string, set: ImageSet): SetFacts => {
  let [lowest, highest] = [Infinity, -Infinity]
  for (const pixel of set.images) {
    if (pixel < lowest) lowest = pixel
    if (pixel > highest) highest = pixel
  }
  return { name, images: size(set), counts: classCounts(set), range: [lowest, highest] }
}

const decayBounds = (section: unknown, space: SearchSpace, examples: number): DryRun['weightDecay'] => {
  const decays = decaysIn(section, space, examples)
  if (decays === null) return new Map()
  const [lower, upper] = [decays(space.map(({ lower }) => lower)), decays(space.map(({ upper }) => upper))]
  return new Map(Object.entries(lower).map(([name, least]) => [name, [least, upper[name]!]]))
}

/** Checks a configuration, and describes its run. Errors: as those of `tune`, but nothing is written. */
export const dryRun = ({
  methods,
  named,
  folder,
  backend: choice,
  status,
}: Pick<TuneOptions, 'methods' | 'named' | 'folder' | 'backend' | 'status'>): TE.TaskEither<
  ShellError,
  DryRun
> => {
  const { source, config } = named
  return pipe(
    TE.fromEither(RunFolder.available(folder)),
    TE.chainEitherK(() => checkSections(methods)(named)),
    TE.bind('method', () => TE.fromEither(methodNamed(methods)(config.method.name))),
    TE.bind('problem', () => problemOf(named, status)),
    TE.bind('settings', ({ method, problem: { hyperparameters, splits } }) =>
      TE.fromEither(
        method(typed =>
          pipe(
            methodConfig(typed)(source, config, hyperparameters.space, size(splits.train)),
            E.chainFirst(start(typed)),
            E.map((settings): unknown => settings),
          ),
        ),
      ),
    ),
    TE.bind('backend', ({ problem }) => backendOf(choice, problem)),
    TE.bind('seconds', ({ problem, backend }) => secondsOfEpoch(backend, problem, config)),
    TE.map(({ problem: { splits, network, hyperparameters }, settings, backend, seconds }): DryRun => {
      const { train, validation, test, standardisation } = splits
      const facts = (name: string, set: ImageSet): SetFacts =>
        factsOf(name, Standardisation.original(standardisation)(set))
      return {
        source,
        sets: [
          facts('training', train),
          facts('validation', validation),
          ...(test === null ? [] : [facts('test', test)]),
        ],
        shape: train.shape,
        scale: splits.reading?.scale ?? 255,
        standardised: standardisation === undefined ? null : Standardisation.text(standardisation),
        network: { name: network.name, weights: network.size },
        space: hyperparameters.space,
        weightDecay: decayBounds(config.hyperparameters, hyperparameters.space, size(train)),
        method: config.method.name,
        backend: backend.oneLine,
        time: {
          secondsOfEpoch: seconds,
          mostEpochs: mostEpochs(settings, size(train), size(validation)),
        },
        remarks: remarks(splits),
      }
    }),
  )
}
