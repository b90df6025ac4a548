/**
 * The configuration of a run, as a person writes it in a JSON file:
 * `{ data, network, hyperparameters, solver, method: { name, … }, seed }`.
 *
 * Every section is required, even if it is `{}`, so that a file is explicit. The fields of a section have defaults. Unknown
 * fields are refused at any depth.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { decode, decodeField, Natural } from '../../core/codec/Codec.js'
import { sentence } from '../../core/codec/sentence.js'
import { lenient, options, strict } from '../../core/codec/options.js'
import { seedRule } from '../../core/codec/seed.js'
import { knownFields, notKnown } from '../../core/codec/unknownField.js'
import type { Method } from '../../core/protocol/Method.js'
import type { SearchSpace } from '../../core/protocol/SearchSpace.js'
import { DataConfig } from '../data/DataConfig.js'
import { HyperparametersConfig, isLinear, listed } from '../model/Hyperparameters.js'
import { NetworkConfig } from '../model/NetworkConfig.js'
import { SolverConfig } from '../train/SolverConfig.js'
import { badInput, type ShellError } from '../base/ShellError.js'

const MethodSection = t.intersection(
  [t.type({ name: t.string }), t.UnknownRecord],
  'an object such as `{"name": "bilevel"}`',
)

export const RunConfig = options(
  t.readonly(
    t.strict({
      data: DataConfig,
      network: NetworkConfig,
      hyperparameters: HyperparametersConfig,
      solver: SolverConfig,
      method: MethodSection,
      seed: Natural,
    }),
    'RunConfig',
  ),
  { rules: [seedRule] },
)
/**
 * The configuration of a run: data, network, hyperparameters, solver, method, seed. docs/configuration.md lists every field.
 *
 * @example
 * ```ts
 * import { map, right } from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { configFromFile, RunConfig } from 'bilevel-hpo/shell'
 *
 * pipe(configFromFile('config.json'), map(({ config }) => RunConfig.is(config))) // => right(true)
 * ```
 */
export type RunConfig = t.TypeOf<typeof RunConfig>

const refused =
  (source: string) =>
  (problem: string): ShellError =>
    badInput(
      `The configuration ${source} cannot be used: ${problem} Correct it and run again; ` +
        '`bilevel tune --help` shows a whole configuration.',
    )

/** Checks the bounds of the search space before any data is loaded. */
const checkBounds = ({ hyperparameters }: RunConfig): E.Either<string, void> => {
  const families = listed(hyperparameters)
  // Bounds that are given as weight decay are in order: their codec sees to it.
  const wrong = families.findIndex(
    ({ lower, upper }) => lower !== undefined && upper !== undefined && !(lower < upper),
  )
  if (wrong < 0) return E.right(undefined)
  const { lower, upper } = families[wrong]!
  const place = Array.isArray(hyperparameters) ? `hyperparameters[${wrong}]` : 'hyperparameters'
  return E.left(`\`${place}.lower\` is ${lower}, which is not below \`${place}.upper\`, ${upper}.`)
}

/**
 * Decodes a configuration. `source`: its name in messages. Errors: `BadInput`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { decodeRunConfig } from 'bilevel-hpo/shell'
 *
 * const written = {
 *   data: { source: 'mnist', train: 600, validation: 400 }, network: { kind: 'mlp', hidden: [100] },
 *   hyperparameters: { family: 'l2' }, solver: {}, method: { name: 'bilevel' }, seed: 0,
 * }
 * pipe(decodeRunConfig('mine')(written), E.map(({ solver }) => solver.batchSize)) // => E.right(64)
 * const wrong = decodeRunConfig('mine')({ ...written, solver: { batchsize: 64 } })
 * const named = E.isLeft(wrong) && wrong.left.message.includes('`solver.batchsize`') // => true
 * ```
 */
export const decodeRunConfig = (source: string): ((input: unknown) => E.Either<ShellError, RunConfig>) =>
  decodeAs(RunConfig, source)

/** As {@link decodeRunConfig}, for the configuration in a record, which an older version may have written. */
export const decodeRecorded = (source: string): ((input: unknown) => E.Either<ShellError, RunConfig>) =>
  decodeAs(lenient(RunConfig), source)

const decodeAs =
  (codec: t.Type<RunConfig, unknown>, source: string) =>
  (input: unknown): E.Either<ShellError, RunConfig> =>
    pipe(decode(codec)(input), E.mapLeft(sentence), E.chainFirst(checkBounds), E.mapLeft(refused(source)))

const derived = ['space', 'seed', 'trainingExamples'] as const

/**
 * A method's configuration: the section `method`, plus the problem's search space, the run's seed and the number of training
 * examples (`null` if unknown; then the effort cannot have a budget). Errors: `BadInput`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { randomSearch } from 'bilevel-hpo'
 * import { configFromFile, methodConfig } from 'bilevel-hpo/shell'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] as const
 * const read = configFromFile('config.json')
 * const config = E.isRight(read) ? methodConfig(randomSearch)('config.json', read.right.config, space, 30) : read
 * const solves = E.isRight(config) ? config.right.budget.lowerLevelSolves : NaN // => 2
 * ```
 */
export const methodConfig =
  <C, S>(method: Method<C, S>) =>
  (
    source: string,
    { method: section, hyperparameters, seed }: RunConfig,
    space: SearchSpace,
    trainingExamples: number | null = null,
  ): E.Either<ShellError, C> => {
    const given = Object.fromEntries(Object.entries(section).filter(([field]) => field !== 'name'))
    const misplaced = derived.find(field => Object.hasOwn(given, field))
    if (misplaced !== undefined)
      return E.left(
        refused(source)(
          `\`method.${misplaced}\` is not an option: ` +
            (misplaced === 'seed'
              ? 'the seed of the whole run is `seed`.'
              : misplaced === 'space'
                ? 'the search space comes from the section `hyperparameters`.'
                : 'the section `data` sets the number of training examples.'),
        ),
      )
    const linear = isLinear(hyperparameters)
    if (!linear && given['linearInCoefficients'] === true)
      return E.left(
        refused(source)(
          '`method.linearInCoefficients` is true, but several families in `hyperparameters` multiply the costs of examples, so ' +
            'f is not linear in their coefficients. Leave the field out, or set it to false.',
        ),
      )
    const known = knownFields(method.config)
    const own = known?.filter(field => !derived.some(name => name === field))
    const unknown = own === undefined ? undefined : Object.keys(given).find(field => !own.includes(field))
    if (own !== undefined && unknown !== undefined)
      return E.left(refused(source)(sentence(`\`method.${unknown}\` ${notKnown(unknown, own)}`)))
    const ofTheRun = Object.entries({
      ...(linear ? {} : { linearInCoefficients: false }),
      space,
      seed,
      trainingExamples,
    }).filter(([field]) => known === undefined || known.includes(field))
    return pipe(
      { ...Object.fromEntries(ofTheRun), ...given },
      decodeField('method')(strict(method.config)),
      E.mapLeft(problem => refused(source)(sentence(problem))),
    )
  }

/** The error with the name of the configuration that it is about. */
export const inConfiguration =
  (source: string | undefined) =>
  (error: ShellError): ShellError =>
    source === undefined || error._tag !== 'BadInput'
      ? error
      : badInput(`The configuration ${source} cannot be used: ${error.message}`)
