/**
 * The configuration of a comparison. It is the configuration of a run, in which `methods: [{name, …}, …]` may replace
 * `method`. An entry may have a `label`, so that one method can appear twice with different options.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as A from 'fp-ts/lib/ReadonlyArray.js'
import * as t from 'io-ts'
import { decode, decodeField } from '../../core/codec/Codec.js'
import { sentence } from '../../core/codec/sentence.js'
import { fromPreset, named, readObject, type NamedConfig } from '../config/configSource.js'
import { decodeRunConfig } from '../config/RunConfig.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { Contender } from './result/Plan.js'

/** A task, and the methods of its configuration. */
export interface CompareConfig {
  readonly named: NamedConfig
  /** The listed methods; `method` is a list of one. Their options do not include the budget yet. */
  readonly listed: ReadonlyArray<Contender>
  /** Whether the configuration has `methods`, and so selects the methods to compare. */
  readonly chosen: boolean
}

const Section = t.intersection(
  [t.type({ name: t.string }), t.partial({ label: t.string }), t.UnknownRecord],
  'an object such as `{"name": "bilevel"}`',
)

const Sections = t.readonlyArray(
  Section,
  'a list of methods such as `[{"name": "bilevel"}, {"name": "gridSearch"}]`',
)

/** More methods than this do not fit into a table. */
const mostMethods = 32

const cannot = (source: string, problem: string): ShellError =>
  badInput(`The configuration ${source} cannot be used: ${problem} Correct it and run again.`)

const contenderOf = ({
  name,
  label = name,
  ...options
}: t.TypeOf<typeof Section>): E.Either<string, Contender> =>
  decode(Contender)({ label, method: name, options })

const contendersOf =
  (source: string) =>
  (methods: unknown): E.Either<ShellError, ReadonlyArray<Contender>> =>
    pipe(
      decodeField('methods')(Sections)(methods),
      E.filterOrElse(
        sections => sections.length > 0 && sections.length <= mostMethods,
        sections => `\`methods\` lists ${sections.length} methods; it takes 1 to ${mostMethods}`,
      ),
      E.chain(E.traverseArray(contenderOf)),
      E.chain(contenders => {
        const twice = contenders.find(
          ({ label }, i) => contenders.findIndex(other => other.label === label) !== i,
        )
        return twice === undefined
          ? E.right(contenders)
          : E.left(
              `\`methods\` lists "${twice.label}" twice. Give one of them its own \`label\`, such as ` +
                `"${twice.label}-2"`,
            )
      }),
      E.mapLeft(problem => cannot(source, sentence(problem))),
    )

const fromParts = (
  named: NamedConfig,
  methods: ReadonlyArray<unknown>,
  chosen: boolean,
): E.Either<ShellError, CompareConfig> =>
  pipe(
    contendersOf(named.source)(methods),
    E.map(listed => ({ named, listed, chosen })),
  )

/**
 * Reads the configuration of a comparison. Errors: `BadInput`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { compareFromFile, type CompareConfig } from 'bilevel-hpo/shell'
 *
 * const read = compareFromFile('config.json')
 * E.map(({ listed }: CompareConfig) => listed.map(({ label }) => label))(read) // => E.right(['random'])
 * ```
 */
export const compareFromFile = (path: string): E.Either<ShellError, CompareConfig> =>
  pipe(
    readObject(path),
    E.chain(object => {
      const { methods, ...rest } = object
      if (methods === undefined)
        return pipe(
          decodeRunConfig(path)(object),
          E.chain(config => fromParts(named(path, config), [config.method], false)),
        )
      if (rest['method'] !== undefined)
        return E.left(cannot(path, 'it has both `method` and `methods`; leave one of them out.'))
      return pipe(
        contendersOf(path)(methods),
        E.bindTo('listed'),
        E.bind('config', ({ listed }) =>
          decodeRunConfig(path)({ ...rest, method: { name: listed[0]?.method } }),
        ),
        E.map(({ listed, config }) => ({ named: named(path, config), listed, chosen: true })),
      )
    }),
  )

/**
 * A comparison on the task of a preset. Errors: `BadInput`.
 *
 * @example
 * ```ts
 * import { map, right } from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { compareFromPreset } from 'bilevel-hpo/shell'
 *
 * pipe(compareFromPreset('mnist-mlp-1k'), map(({ listed }) => listed.map(({ method }) => method))) // => right(['bilevel'])
 * ```
 */
export const compareFromPreset = (name: string): E.Either<ShellError, CompareConfig> =>
  pipe(
    fromPreset(name),
    E.chain(preset => fromParts(preset, [preset.config.method], false)),
  )

const Training = t.exact(t.partial({ tolerance: t.unknown, coldEpochs: t.unknown }))

/** If the configuration names one `method`, its settings for complete trainings, which then apply to every method. */
const trainingOf = ({ listed, chosen }: CompareConfig): Readonly<Record<string, unknown>> =>
  pipe(
    chosen ? [] : listed,
    A.filterMap(({ options }) => O.fromEither(Training.decode(options['solve']))),
    A.head,
    O.match(
      () => ({}),
      solve => ({ solve }),
    ),
  )

/**
 * The contenders: those of `labels`, else those of the configuration's `methods`, else all known methods. Each has the
 * options that the configuration gives for it. Errors: `BadInput` if a name is unknown or appears twice.
 */
export const contendersFor =
  (known: ReadonlyArray<string>, labels: ReadonlyArray<string> | null) =>
  (config: CompareConfig): E.Either<ShellError, ReadonlyArray<Contender>> => {
    const { listed, chosen } = config
    const bare = known
      .filter(name => !listed.some(({ label }) => label === name))
      .map(name => ({ label: name, method: name, options: trainingOf(config) }))
    const all = [...listed, ...bare]
    if (labels === null) {
      const order = (label: string): number => (known.includes(label) ? known.indexOf(label) : known.length)
      return E.right(chosen ? listed : [...all].sort((a, b) => order(a.label) - order(b.label)))
    }
    const twice = labels.find((label, i) => labels.indexOf(label) !== i)
    if (twice !== undefined)
      return E.left(badInput(`The option --methods names ${twice} twice. Name each method once.`))
    return pipe(
      labels,
      E.traverseArray(label => {
        const contender = all.find(other => other.label === label)
        return contender === undefined
          ? E.left(
              badInput(
                `The option --methods: there is no method called "${label}". Known: ${all.map(other => other.label).join(', ')}.`,
              ),
            )
          : E.right(contender)
      }),
    )
  }
