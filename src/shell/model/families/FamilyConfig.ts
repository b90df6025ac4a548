/** The configuration of a family of hyperparameters. Each family has its own file with its formulas. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, Finite } from '../../../core/codec/Codec.js'
import { oneOf, options } from '../../../core/codec/options.js'
import { badInput, type ShellError } from '../../base/ShellError.js'
import { lambdaAt } from '../../base/WeightDecays.js'
import type { Network } from '../Network.js'
import { classWeights } from './classWeights.js'
import { exampleWeights } from './exampleWeights.js'
import { fixedAt, type Family } from './Family.js'
import { groupingOf } from './Grouping.js'
import { l1 } from './l1.js'
import { l2 } from './l2.js'
import { labelSmoothing } from './labelSmoothing.js'

const bounds = { lower: Finite, upper: Finite }

const Per = t.keyof(
  { model: null, layer: null, kind: null, unit: null, input: null, block: null },
  '"model", "layer", "kind", "unit", "input" or "block"',
)

/** The configuration of a penalty with one coefficient per group of weights. */
export interface PenaltyConfig<F extends string> {
  readonly family: F
  /** The groups: one coefficient per model, layer, kind of layer, unit, input or block of inputs. */
  readonly per: t.TypeOf<typeof Per>
  readonly lower: number
  readonly upper: number
  /** The side of a block of inputs in pixels; only with `per: "block"`. */
  readonly block?: number
  /** Fixes the λ of every group, so that it is not tuned. Then `lower` and `upper` have no effect. */
  readonly fixed?: number
}

// The paper's range is [−10, 0]. On its 1K split the best λ lies above 1, so the default range is larger.
const penaltyBounds = { lower: -10, upper: 4 } as const

const penalty = <F extends 'l1' | 'elasticNet'>(family: F): t.Type<PenaltyConfig<F>, unknown> =>
  options<PenaltyConfig<F>>(
    t.readonly(
      t.intersection([
        t.type({ family: t.literal<F>(family), per: Per, ...bounds }),
        t.partial({ block: Count, fixed: Finite }),
      ]),
    ),
    {
      name: `an object such as \`{"family": "${family}", "per": "model"}\``,
      defaults: { family, per: 'model', ...penaltyBounds },
    },
  )

/**
 * The configuration of an L2 penalty. Its bounds are those of λ, or of the weight decay exp(λ)/(2N).
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { hyperparametersOf, type Hyperparameters, type L2Config, linear } from 'bilevel-hpo/shell'
 *
 * const config: L2Config = { family: 'l2', per: 'model', weightDecay: [1e-4, 1e-2] }
 * const bounds = ({ space }: Hyperparameters) => space.map(({ lower, upper }) => [Math.exp(lower), Math.exp(upper)])
 * // With 500 training examples, exp(λ) is 1,000 times the weight decay.
 * const made = E.map(bounds)(hyperparametersOf(linear([1, 2, 1], 2), config, 500))
 * const [lowest = 0, highest = 0] = E.isRight(made) ? made.right[0]! : []
 * const both = [lowest, highest] // ≈ [0.1, 10]
 * ```
 */
export interface L2Config extends Omit<PenaltyConfig<'l2'>, 'lower' | 'upper'> {
  readonly lower?: number
  readonly upper?: number
  /** The least and the largest weight decay. It takes the place of `lower` and `upper`, and does not move with N. */
  readonly weightDecay?: readonly [number, number]
}

const isDecayRange = (u: unknown): u is readonly [number, number] =>
  Array.isArray(u) && u.length === 2 && u.every(Number.isFinite) && 0 < u[0] && u[0] < u[1]

const DecayRange = new t.Type<readonly [number, number]>(
  'two positive numbers such as `[1e-6, 1]`, the smaller one first',
  isDecayRange,
  (u, context) => (isDecayRange(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** Says that a weight decay is given together with what else decides λ; `null` if it is not. */
const twice = (config: L2Config): string | null => {
  const other = (['lower', 'upper', 'fixed'] as const).find(field => config[field] !== undefined)
  return config.weightDecay === undefined || other === undefined
    ? null
    : `gives the bounds of λ as weight decay, but there is \`${other}\`, too, which is about λ itself; leave one of them out`
}

const l2Penalty: t.Type<L2Config, unknown> = options<L2Config>(
  t.readonly(
    t.intersection([
      t.type({ family: t.literal('l2'), per: Per }),
      t.partial({ ...bounds, block: Count, fixed: Finite, weightDecay: DecayRange }),
    ]),
  ),
  {
    name: 'an object such as `{"family": "l2", "per": "model"}`',
    defaults: { family: 'l2', per: 'model' },
    derive: ({ weightDecay }) => (weightDecay === undefined ? penaltyBounds : {}),
    rules: [{ field: 'weightDecay', broken: twice }],
  },
)

/** The bounds of λ of an L2 penalty. */
const boundsOf = (
  config: L2Config,
  examples: number | null,
): E.Either<ShellError, { readonly lower: number; readonly upper: number }> => {
  const { weightDecay, lower = penaltyBounds.lower, upper = penaltyBounds.upper } = config
  if (weightDecay === undefined) return E.right({ lower, upper })
  const conflict = twice(config)
  if (conflict !== null) return E.left(badInput(`The hyperparameters' \`weightDecay\` ${conflict}.`))
  return examples === null
    ? E.left(
        badInput(
          'Bounds as weight decay need the number of training examples. Pass it to `hyperparametersOf`.',
        ),
      )
    : E.right({ lower: lambdaAt(weightDecay[0], examples), upper: lambdaAt(weightDecay[1], examples) })
}

/** The configuration of a family whose only fields are bounds. */
const ranged = <F extends string>(family: F, lower: number, upper: number) =>
  options(t.readonly(t.type({ family: t.literal<F>(family), ...bounds })), {
    name: `an object such as \`{"family": "${family}"}\``,
    defaults: { family, lower, upper },
  })

/**
 * The configuration of one family of hyperparameters. Its field `family` selects the family, by default L2. Error messages
 * name the fields of that family.
 *
 * @example
 * ```ts
 * import { isLeft, right } from 'fp-ts/lib/Either.js'
 * import { decode } from 'bilevel-hpo'
 * import { FamilyConfig, type PenaltyConfig } from 'bilevel-hpo/shell'
 *
 * const l1: PenaltyConfig<'l1'> = { family: 'l1', per: 'unit', lower: -10, upper: 2 }
 * decode(FamilyConfig)(l1) // => right(l1)
 * isLeft(decode(FamilyConfig)({ family: 'l3' })) // => true
 * ```
 */
export const FamilyConfig = oneOf(
  'an object such as `{"family": "l2", "per": "model"}`',
  [
    l2Penalty,
    penalty('l1'),
    penalty('elasticNet'),
    // Weights between .007 and .993.
    ranged('exampleWeights', -5, 5),
    // Weights between a twentieth and twenty.
    ranged('classWeights', -3, 3),
    // Shares between .0003 and a half.
    ranged('labelSmoothing', -8, 0),
  ],
  'l2',
)
export type FamilyConfig = t.TypeOf<typeof FamilyConfig>

/** The families of a configuration. `examples`: the number of training examples. Errors: `BadInput` if they do not fit the network. */
export const familiesOf = (
  network: Network,
  config: FamilyConfig,
  examples: number | null,
): E.Either<ShellError, ReadonlyArray<Family>> => {
  switch (config.family) {
    case 'l2':
    case 'l1':
    case 'elasticNet':
      return pipe(
        groupingOf(network, config.per, config.block),
        E.chain((grouping): E.Either<ShellError, ReadonlyArray<Family>> => {
          switch (config.family) {
            case 'l2':
              return pipe(
                boundsOf(config, examples),
                E.map(bounds => [l2(network, grouping, bounds)]),
              )
            case 'l1':
              return E.right([l1(network, grouping, config)])
            case 'elasticNet':
              return E.right([l1(network, grouping, config), l2(network, grouping, config)])
          }
        }),
        E.map(families => {
          const { fixed } = config
          return fixed === undefined ? families : families.map(fixedAt(fixed))
        }),
      )
    case 'exampleWeights':
      return examples === null
        ? E.left(
            badInput('Example weights need the number of training examples. Pass it to `hyperparametersOf`.'),
          )
        : E.right([exampleWeights(examples, config)])
    case 'classWeights':
      return E.right([classWeights(network.classes, config)])
    case 'labelSmoothing':
      return E.right([labelSmoothing(config)])
  }
}
