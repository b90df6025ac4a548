/** Which family of hyperparameters, as a configuration says it; one file a family says what it computes. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, Finite } from '../../../core/codec/Codec.js'
import { oneOf, options } from '../../../core/codec/options.js'
import { badInput, type ShellError } from '../../base/ShellError.js'
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

/** A coefficient a group of weights. */
export interface PenaltyConfig<F extends string> {
  readonly family: F
  /** What has a coefficient of its own. */
  readonly per: t.TypeOf<typeof Per>
  readonly lower: number
  readonly upper: number
  /** Pixels a side of a block of inputs, with `per: "block"` only. */
  readonly block?: number
  /** The λ of every group, which then is not tuned; `lower` and `upper` mean nothing beside it. */
  readonly fixed?: number
}

const penalty = <F extends 'l2' | 'l1' | 'elasticNet'>(family: F): t.Type<PenaltyConfig<F>, unknown> =>
  options<PenaltyConfig<F>>(
    t.readonly(
      t.intersection([
        t.type({ family: t.literal<F>(family), per: Per, ...bounds }),
        t.partial({ block: Count, fixed: Finite }),
      ]),
    ),
    {
      name: `an object such as \`{"family": "${family}", "per": "model"}\``,
      // The paper's range is [−10, 0]; on its own 1K split the best λ lies above 1, so the range has to go on there.
      defaults: { family, per: 'model', lower: -10, upper: 4 },
    },
  )

/** A family that has but a range. */
const ranged = <F extends string>(family: F, lower: number, upper: number) =>
  options(t.readonly(t.type({ family: t.literal<F>(family), ...bounds })), {
    name: `an object such as \`{"family": "${family}"}\``,
    defaults: { family, lower, upper },
  })

/**
 * The configuration of one family of hyperparameters, by its field `family`; L2 where that is left out. An error is about the fields of the family
 * that was meant.
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
    penalty('l2'),
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

/** The families of a configuration. `examples`: of the training set. Errors: `BadInput` where they do not fit the network. */
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
        E.map(grouping => {
          switch (config.family) {
            case 'l2':
              return [l2(network, grouping, config)]
            case 'l1':
              return [l1(network, grouping, config)]
            case 'elasticNet':
              return [l1(network, grouping, config), l2(network, grouping, config)]
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
            badInput(
              'Example weights need to know how many examples train. Pass that number to `hyperparametersOf`.',
            ),
          )
        : E.right([exampleWeights(examples, config)])
    case 'classWeights':
      return E.right([classWeights(network.classes, config)])
    case 'labelSmoothing':
      return E.right([labelSmoothing(config)])
  }
}
