/** The laws of a method on arbitrary configurations: whatever its codec accepts, however odd. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as fc from 'fast-check'
import { decode } from '../../codec/Codec.js'
import type { Method } from '../../protocol/Method.js'
import { examine, type Options } from '../examine.js'
import { fromCodec, type Overrides } from '../fromCodec.js'
import { type Law, unless } from '../Law.js'
import type { Report } from '../Report.js'
import { sameJson } from './agreement.js'

export interface ConfigurationEvidence {
  readonly config: unknown
  readonly init: () => E.Either<{ readonly message: string }, unknown>
  readonly revived: () => E.Either<string, unknown>
}

type ConfigurationLaw = Law<ConfigurationEvidence>

export const initIsTotal: ConfigurationLaw = {
  name: 'init is total',
  meaning:
    'For every configuration that the codec accepts, init gives a transition, or a Left with a sentence that says what is wrong.',
  source: 'the contract of Method (core/protocol/Method.ts): init never throws',
  check: ({ init }) => {
    const started = init()
    return unless(
      E.isRight(started) || /^\S.*\s.*[.!]$/s.test(started.left.message),
      () => `it refuses with "${E.isLeft(started) ? started.left.message : ''}", which is not a sentence`,
    )
  },
}

export const configurationSurvivesJson: ConfigurationLaw = {
  name: 'configuration survives JSON',
  meaning:
    'A configuration that is written as JSON and read by its codec is the same: a log stores only this JSON.',
  source: 'core/log/RunLog.ts: a run is resumed from its header',
  check: ({ config, revived }) =>
    pipe(
      revived(),
      E.chain(read => sameJson('', config, read)),
    ),
}

/** Every law of configurations. */
export const configurationLaws = [initIsTotal, configurationSurvivesJson] as const

/**
 * Examines a method with configurations derived from its codec. Lists and counts have at most 50 entries.
 *
 * Errors: a sentence that names a codec which cannot be walked; override it with `overrides`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { gridSearch } from 'bilevel-hpo'
 * import { Laws, spaces } from 'bilevel-hpo/laws'
 *
 * // For every configuration that the codec accepts, `init` gives a transition or says why not.
 * const report = Laws.configurations(gridSearch, { fields: { space: spaces(2) } })({ runs: 20 })
 * E.map(Laws.passed)(report) // => E.right(true)
 * ```
 */
export const configurations =
  <C, S>(subject: Method<C, S>, overrides: Overrides = {}) =>
  (options: Options = {}): E.Either<string, Report> =>
    pipe(
      fromCodec(subject.config, overrides),
      E.map((cases: fc.Arbitrary<C>) =>
        examine<C, ConfigurationEvidence>(
          {
            subject: `configurations of the method "${subject.name}"`,
            cases,
            evidence: config => ({
              config,
              init: () => subject.init(config),
              revived: () => decode(subject.config)(JSON.parse(JSON.stringify(config))),
            }),
            laws: configurationLaws,
          },
          options,
        ),
      ),
    )
