/**
 * All of a run, as a person writes it in a JSON file:
 * `{ data, network, hyperparameters, solver, method: { name, … }, seed }`.
 *
 * Every section is required, if only as `{}`, so that a file says what it means; options within a section have
 * defaults. Unknown fields are refused at any depth.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { decode, Natural } from '../../core/codec/Codec.js'
import type { Method } from '../../core/protocol/Method.js'
import type { SearchSpace } from '../../core/protocol/SearchSpace.js'
import { DataConfig } from '../data/DataConfig.js'
import { HyperparametersConfig, isLinear, listed } from '../model/Hyperparameters.js'
import { NetworkConfig } from '../model/NetworkConfig.js'
import { SolverConfig } from '../train/SolverConfig.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { nearest } from './nearest.js'
import { strictDecode } from './strictDecode.js'

const MethodSection = t.intersection(
  [t.type({ name: t.string }), t.UnknownRecord],
  'a method: {"name": "bilevel", …}',
)

export const RunConfig = t.readonly(
  t.strict({
    data: DataConfig,
    network: NetworkConfig,
    hyperparameters: HyperparametersConfig,
    solver: SolverConfig,
    method: MethodSection,
    seed: Natural,
  }),
  'RunConfig',
)
/** A whole run's configuration. */
export type RunConfig = t.TypeOf<typeof RunConfig>

const refused =
  (source: string) =>
  (problem: string): ShellError =>
    badInput(
      `The configuration ${source} cannot be used: ${problem} Put it right and run again; ` +
        '`bilevel tune --help` shows a whole configuration.',
    )

/** What a search space will refuse, found before any data is loaded. */
const checkBounds = ({ hyperparameters }: RunConfig): E.Either<string, void> => {
  const families = listed(hyperparameters)
  const wrong = families.findIndex(({ lower, upper }) => !(lower < upper))
  if (wrong < 0) return E.right(undefined)
  const { lower, upper } = families[wrong]!
  const place = Array.isArray(hyperparameters) ? `hyperparameters[${wrong}]` : 'hyperparameters'
  return E.left(`field \`${place}.lower\` is ${lower}, which is not below \`${place}.upper\`, ${upper}.`)
}

/** Decodes a configuration. `source` is what messages call it. Errors: `BadInput`. */
export const decodeRunConfig =
  (source: string) =>
  (input: unknown): E.Either<ShellError, RunConfig> =>
    pipe(strictDecode(RunConfig)(input), E.chainFirst(checkBounds), E.mapLeft(refused(source)))

const isObject = t.UnknownRecord.is

/**
 * The first field that was given but that the decoded value does not have. It works with any codec that strips what
 * it does not know, whatever it is made of.
 */
const strippedField = (given: unknown, kept: unknown, path: string): string | undefined => {
  if (!isObject(given) || !isObject(kept)) return undefined
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(kept, name)) {
      const known = Object.keys(kept)
      const meant = nearest(name, known)
      return (
        `field \`${path}.${name}\` is not known.` +
        (meant === undefined ? '' : ` Did you mean "${meant}"?`) +
        ` Known fields here: ${known.join(', ')}.`
      )
    }
    const inner = strippedField(value, kept[name], `${path}.${name}`)
    if (inner !== undefined) return inner
  }
  return undefined
}

const derived = ['space', 'seed', 'trainingExamples'] as const

const methodField = (problem: string): string => `${problem.replace(/^field `/, 'field `method.')}.`

/**
 * A method's configuration: the section `method`, with the search space that the problem has, the run's seed, and how
 * many examples train (`null` where that is not known: then no effort can be budgeted). Errors: `BadInput`.
 */
export const methodConfig =
  <C, S>(method: Method<C, S>) =>
  (
    source: string,
    { method: section, hyperparameters, seed }: RunConfig,
    space: SearchSpace,
    trainingExamples: number | null = null,
  ): E.Either<ShellError, C> => {
    const options = Object.fromEntries(Object.entries(section).filter(([field]) => field !== 'name'))
    const foreign = derived.find(field => Object.hasOwn(options, field))
    if (foreign !== undefined)
      return E.left(
        refused(source)(
          `field \`method.${foreign}\` is not an option: ` +
            (foreign === 'seed'
              ? 'the seed of the whole run is the field `seed`.'
              : foreign === 'space'
                ? 'the search space comes from the section `hyperparameters`.'
                : 'how many examples train is said by the section `data`.'),
        ),
      )
    const linear = isLinear(hyperparameters)
    if (!linear && options['linearInCoefficients'] === true)
      return E.left(
        refused(source)(
          'field `method.linearInCoefficients` is true, but the costs of examples are a product of what several families in ' +
            '`hyperparameters` do to them, which is linear in neither. Leave it out, or say false.',
        ),
      )
    const known = linear ? {} : { linearInCoefficients: false }
    return pipe(
      decode(method.config)({ ...known, ...options, space, seed, trainingExamples }),
      E.mapLeft(methodField),
      E.chain(config => {
        const stripped = strippedField(options, method.config.encode(config), 'method')
        return stripped === undefined ? E.right(config) : E.left(stripped)
      }),
      E.mapLeft(refused(source)),
    )
  }
