/**
 * The options of the tracking method: their codec, every default, and the rules that they must satisfy.
 *
 * Step lengths are shares of a hyperparameter's range. Multipliers are in units of F per unit of f.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, Finite, Natural, NonNegative, nullable, Numbers, Positive, Share } from '../codec/Codec.js'
import { options } from '../codec/options.js'
import { seedRule } from '../codec/seed.js'
import { budgetFields, TrainingExamples } from '../protocol/Budget.js'
import { invalidConfig, type MethodError } from '../protocol/MethodError.js'
import * as SearchSpace from '../protocol/SearchSpace.js'

const StartOptions = t.readonly(
  t.strict({
    /** The first λ; `null`: the point at the share `at` of every range. */
    lambda: nullable(Numbers),
    at: Share,
    /** Budget of the training before the first pair, in epochs; `null`: a complete training. */
    epochs: nullable(Positive),
  }),
  'StartOptions',
)

const SolveOptions = t.readonly(
  t.strict({
    /** ‖∇_w f‖₂ at which a lower-level solution counts as exact. */
    tolerance: Positive,
    /** Budget of a complete training, in epochs. */
    coldEpochs: Positive,
  }),
  'SolveOptions',
)

const PairOptions = t.readonly(
  t.strict({
    /** Descent steps of each path of a pair. */
    steps: Count,
    /** Examples of each set per step; `null`: all. */
    batchSize: nullable(Count),
    /** Step size of the last step of a path, as a share of that of the first; 1: constant. */
    finalShare: Share,
  }),
  'PairOptions',
)

const MultiplierOptions = t.readonly(
  t.strict({
    /** First κ, and its limits. Below 1 the paths of a pair would differ in their step sizes. */
    initial: Finite,
    min: Finite,
    max: Finite,
    /** One iteration changes κ by at most this factor. */
    trust: Finite,
    /** κ falls where the noise of a pair exceeds this share of the signal. */
    noise: Positive,
    /** κ rises where the estimated bias exceeds this share of the signal. */
    bias: Positive,
  }),
  'MultiplierOptions',
)

const StepOptions = t.readonly(
  t.strict({
    /** First, longest and shortest step of a hyperparameter, as shares of its range. */
    initial: Positive,
    max: Positive,
    min: Positive,
    /** Growth of a step whose derivative keeps its sign. */
    growth: Finite,
    /** Shrinkage of a step whose derivative flips its sign. */
    shrinkage: Share,
  }),
  'StepOptions',
)

const ModelOptions = t.readonly(
  t.strict({
    /** Measurements that the model of the gradient keeps. */
    memory: Count,
    /** Weight of a measurement relative to the next one. */
    fading: Share,
    /**
     * Distance in the unit cube at which a measurement counts for .6 of one at the present λ. The gradient is expected to change
     * by about its own size over it.
     */
    reach: Positive,
  }),
  'ModelOptions',
)

const BudgetOptions = t.readonly(t.strict({ ...budgetFields, outerIterations: Count }), 'BudgetOptions')

const StopOptions = t.readonly(
  t.strict({
    /** The search ends once the gradient was within its noise in this many iterations in a row. */
    withinNoise: Count,
    /** The search ends after this many failed commands in a row. */
    failures: Count,
  }),
  'StopOptions',
)

const Full = t.readonly(
  t.strict({
    space: SearchSpace.SearchSpace,
    seed: Natural,
    trainingExamples: TrainingExamples,
    start: StartOptions,
    solve: SolveOptions,
    pair: PairOptions,
    multiplier: MultiplierOptions,
    step: StepOptions,
    model: ModelOptions,
    /** Steps of the descent at the end, at the returned λ, in multiples of `pair.steps`. */
    annealed: NonNegative,
    budget: BudgetOptions,
    stop: StopOptions,
    /** The returned λ is the mean of this many last iterates. */
    averaged: Count,
    /** At the end, also train at the returned λ from the initial weights. */
    retrain: t.boolean,
    /** Then train on the union of training and validation set: at the returned λ, and along λ's path. */
    refit: t.boolean,
  }),
  'TrackingConfig',
)
/** The options of the tracking method. */
export type TrackingConfig = t.TypeOf<typeof Full>

const defaults = {
  seed: 0,
  trainingExamples: null,
  start: { lambda: null, at: 0.75, epochs: null },
  solve: { tolerance: 1e-3, coldEpochs: 100 },
  pair: { steps: 100, batchSize: 64, finalShare: 1 },
  multiplier: { initial: 30, min: 10, max: 1e4, trust: 2, noise: 0.3, bias: 0.1 },
  step: { initial: 0.03, max: 0.03, min: 1e-3, growth: 1.2, shrinkage: 0.5 },
  model: { memory: 24, fading: 0.93, reach: 0.03 },
  annealed: 5,
  budget: { lowerLevelSolves: 15, effortEpochs: null, outerIterations: 36 },
  stop: { withinNoise: 12, failures: 5 },
  averaged: 8,
  retrain: true,
  refit: true,
} as const

/** Decodes a configuration; only `space` has no default. */
export const TrackingConfig: t.Type<TrackingConfig, unknown> = options(Full, { defaults, rules: [seedRule] })

/** Pairs of fields, the first of which is at most the second, or at most a constant. */
const orders: ReadonlyArray<
  readonly [field: string, holds: (config: TrackingConfig) => boolean, rule: string]
> = [
  ['multiplier.min', c => c.multiplier.min >= 1, 'must be at least 1'],
  ['multiplier.initial', c => c.multiplier.initial >= c.multiplier.min, 'must be at least `multiplier.min`'],
  ['multiplier.initial', c => c.multiplier.initial <= c.multiplier.max, 'must be at most `multiplier.max`'],
  ['multiplier.trust', c => c.multiplier.trust >= 1, 'must be at least 1'],
  ['step.growth', c => c.step.growth >= 1, 'must be at least 1'],
  ['step.initial', c => c.step.initial <= c.step.max, 'must be at most `step.max`'],
  ['step.initial', c => c.step.initial >= c.step.min, 'must be at least `step.min`'],
  [
    'start.lambda',
    ({ start: { lambda }, space }) => lambda === null || SearchSpace.contains(space)(lambda),
    'needs a number for each hyperparameter, within its bounds',
  ],
]

/** The configuration, if its fields are consistent. Errors: `InvalidConfig` with the field. */
export const validate = (config: TrackingConfig): E.Either<MethodError, TrackingConfig> =>
  pipe(
    SearchSpace.make(config.space),
    E.flatMap(() => {
      const broken = orders.find(([, holds]) => !holds(config))
      return broken === undefined
        ? E.right(config)
        : E.left(invalidConfig(broken[0], `The field \`${broken[0]}\` ${broken[2]}.`))
    }),
  )

/** Budget of the training before the first pair, in epochs. */
export const startEpochs = ({ start, solve }: TrackingConfig): number => start.epochs ?? solve.coldEpochs

/** The first λ. */
export const firstLambda = ({ space, start }: TrackingConfig): ReadonlyArray<number> =>
  start.lambda ?? SearchSpace.fromUnit(space)(space.map(() => start.at))
