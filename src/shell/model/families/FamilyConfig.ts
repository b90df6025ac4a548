/** Which family of hyperparameters, as a configuration says it; one file a family says what it computes. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, Finite } from '../../../core/codec/Codec.js'
import { badInput, type ShellError } from '../../base/ShellError.js'
import { withDefaults } from '../configCodec.js'
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
  readonly block?: number | undefined
  /** The λ of every group, which then is not tuned; `lower` and `upper` mean nothing beside it. */
  readonly fixed?: number | undefined
}

const penalty = <F extends 'l2' | 'l1' | 'elasticNet'>(family: F): t.Type<PenaltyConfig<F>, unknown> => {
  const fields = withDefaults(
    `hyperparameters: {"family": "${family}", "per": "model"}`,
    {
      family: t.literal(family),
      per: Per,
      ...bounds,
      block: t.union([Count, t.undefined], 'an integer ≥ 1'),
      fixed: t.union([Finite, t.undefined], 'a finite number'),
    },
    // The paper's range is [−10, 0]; on its own 1K split the best λ lies above 1, so the range has to go on there.
    { family, per: 'model', lower: -10, upper: 4 } as const,
  )
  return new t.Type<PenaltyConfig<F>, unknown>(
    fields.name,
    // io-ts asks for fields that may be undefined, too.
    (u): u is PenaltyConfig<F> =>
      t.UnknownRecord.is(u) && fields.is({ block: undefined, fixed: undefined, ...u }),
    (u, context) =>
      pipe(
        fields.validate(u, context),
        E.map(({ block, fixed, ...others }) => ({
          ...others,
          ...(block === undefined ? {} : { block }),
          ...(fixed === undefined ? {} : { fixed }),
        })),
      ),
    config => config,
  )
}

const codecs = {
  l2: penalty('l2'),
  l1: penalty('l1'),
  elasticNet: penalty('elasticNet'),
  exampleWeights: withDefaults(
    'hyperparameters: {"family": "exampleWeights"}',
    { family: t.literal('exampleWeights'), ...bounds },
    // Weights between .007 and .993.
    { family: 'exampleWeights', lower: -5, upper: 5 },
  ),
  classWeights: withDefaults(
    'hyperparameters: {"family": "classWeights"}',
    { family: t.literal('classWeights'), ...bounds },
    // Weights between a twentieth and twenty.
    { family: 'classWeights', lower: -3, upper: 3 },
  ),
  labelSmoothing: withDefaults(
    'hyperparameters: {"family": "labelSmoothing"}',
    { family: t.literal('labelSmoothing'), ...bounds },
    // Shares between .0003 and a half.
    { family: 'labelSmoothing', lower: -8, upper: 0 },
  ),
} as const

type Config = t.TypeOf<(typeof codecs)[keyof typeof codecs]>

const names = Object.keys(codecs)
const isName = (u: unknown): u is keyof typeof codecs => typeof u === 'string' && names.includes(u)
const quoted = names.map(name => `"${name}"`).join(', ')
const Name = new t.Type<keyof typeof codecs, unknown>(
  `one of ${quoted}`,
  isName,
  (u, context) => (isName(u) ? t.success(u) : t.failure(u, context)),
  name => name,
)
const Tag = t.type({ family: Name })

/** Decodes by `family`, so that an error is about the fields of the family that was meant; L2 where none is named. */
export const FamilyConfig = new t.Type<Config, unknown>(
  'hyperparameters',
  (u): u is Config => Object.values(codecs).some(codec => codec.is(u)),
  (u, context) =>
    pipe(
      t.UnknownRecord.validate(u, context),
      E.map(record => ({ family: 'l2', ...record })),
      E.chain(record =>
        pipe(
          Tag.validate(record, context),
          E.chain(({ family }): t.Validation<Config> => codecs[family].validate(record, context)),
        ),
      ),
    ),
  config => config,
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
