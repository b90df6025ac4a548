/**
 * The options of the bilevel method: their codec, every default with its source, and the rules that they must satisfy.
 *
 * Used by `init`. In: the user's options. Out: a complete `BilevelConfig`, or a sentence that names the wrong field.
 *
 * Step lengths and tolerances are relative to scales that the method measures: the range of a hyperparameter, and the
 * gains of training in f and in F. So one set of defaults serves problems of any size.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { budgetFields, TrainingExamples } from '../protocol/Budget.js'
import { Count, Finite, Natural, NonNegative, nullable, Numbers, Positive } from '../codec/Codec.js'
import { options } from '../codec/options.js'
import { seedRule } from '../codec/seed.js'
import { invalidConfig, type MethodError } from '../protocol/MethodError.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import { designRules } from './designRules.js'
import { RuleOptions } from './descent/Rule.js'
import { ToleranceOptions } from './tolerance.js'

const DesignOptions = t.readonly(
  t.strict({
    kind: t.keyof(
      { diagonal: null, halvedDiagonal: null, grid: null, sobol: null, latinHypercube: null },
      '"diagonal", "halvedDiagonal", "grid", "sobol" or "latinHypercube"',
    ),
    /** Points of the design; for a grid, levels on each axis. */
    size: Count,
    /** The box that the design covers; `null`: the whole search space. */
    lower: nullable(Numbers),
    upper: nullable(Numbers),
  }),
  'DesignOptions',
)

const SolveOptions = t.readonly(
  t.strict({
    /** ‖∇_w f‖₂ at which a lower-level solution counts as exact. */
    tolerance: Positive,
    /** Budget of a solve from the initial weights, in epochs. */
    coldEpochs: Positive,
    /** Budget of a solve from weights of an earlier λ, in epochs. */
    warmEpochs: Positive,
  }),
  'SolveOptions',
)

const PairOptions = t.readonly(
  t.strict({
    /** Descent steps of each of the two paths of a pair. */
    steps: Count,
    /** Examples of each set per step; `null`: all. */
    batchSize: nullable(Count),
    /** A pair is unstable if its reference ends this far above its start, relative to the scale of f. */
    instability: Positive,
    /** Factor on the step size of an unstable pair before it is repeated. */
    stepCut: Positive,
    /**
     * Reference for the violation. `paired`: the end of a second descent on f alone. `surrogate`: φ̂, as in the paper.
     * `solved`: the lower-level solution itself, for problems whose solves and descents are exact.
     */
    reference: t.keyof({ paired: null, surrogate: null, solved: null }, '"paired", "surrogate" or "solved"'),
    /** With `paired` and `surrogate`: steps of λ between two solves. With `solved`: the most dual steps at one λ. */
    innerIterations: Count,
    /** |v − ε| up to this share of ε counts as zero. */
    balance: Positive,
  }),
  'PairOptions',
)

const MultiplierOptions = t.readonly(
  t.strict({
    /** μ₀, relative to scale of F / scale of f. */
    initial: Positive,
    /** Safeguard of μ, relative to scale of F / scale of f. */
    max: Positive,
  }),
  'MultiplierOptions',
)

const PenaltyOptions = t.readonly(
  t.strict({
    /** ρ₀·ε₀/μ₀: the share of μ by which a violation of 2ε changes it. */
    initial: Positive,
    growth: Finite,
    /** Cap of ρ, as a multiple of ρ₀. */
    max: Positive,
    sufficientDecrease: Positive,
  }),
  'PenaltyOptions',
)

const BudgetOptions = t.readonly(
  t.strict({
    /** Includes the initial design. */
    ...budgetFields,
    outerIterations: Count,
  }),
  'BudgetOptions',
)

const StopOptions = t.readonly(
  t.strict({
    /** λ has settled once each of its step lengths is at most this share of its range. */
    step: NonNegative,
    /** The method gives up after this many failed commands in a row. */
    failures: Count,
  }),
  'StopOptions',
)

const Full = t.readonly(
  t.strict({
    space: SearchSpace.SearchSpace,
    seed: Natural,
    trainingExamples: TrainingExamples,
    /** f is linear in θ(λ) at fixed w, as with L2 penalties. Then f(λ, w) of every w bounds φ everywhere. */
    linearInCoefficients: t.boolean,
    kernel: t.keyof({ rbf: null, matern52: null }, '"rbf" or "matern52"'),
    design: DesignOptions,
    solve: SolveOptions,
    pair: PairOptions,
    descent: RuleOptions,
    multiplier: MultiplierOptions,
    penalty: PenaltyOptions,
    epsilon: ToleranceOptions,
    budget: BudgetOptions,
    stop: StopOptions,
    /** The returned λ is the mean of this many last iterates. */
    averaged: Count,
    /** At the end, retrain at the λ to return, from the initial weights, as for the initial samples. */
    retrain: t.boolean,
    /** Then refit on the union of training and validation set. */
    refit: t.boolean,
  }),
  'BilevelConfig',
)
export type BilevelConfig = t.TypeOf<typeof Full>

/** The size of the training set that the defaults were measured on. */
const measuredExamples = 600

/** All defaults. A source is named unless the value comes from our own measurements (docs/method.md). */
export const defaults = {
  seed: 0,
  trainingExamples: null,
  linearInCoefficients: true,
  kernel: 'matern52',
  // The diagonal: weights from one-sided starts validate as well but generalise worse. The paper samples 10 points (one
  // hyperparameter) or 25 and 49 (two) on a grid. With gradients a place to start from is enough.
  design: { kind: 'halvedDiagonal', size: 2, lower: null, upper: null },
  solve: { tolerance: 1e-3, coldEpochs: 100, warmEpochs: 30 },
  pair: {
    steps: 100,
    batchSize: 64,
    instability: 0.01,
    stepCut: 0.3,
    reference: 'paired',
    innerIterations: 1,
    balance: 0.1,
  },
  // Growth and shrinkage: Riedmiller & Braun (1993).
  descent: { rule: 'signs', initialStep: 0.07, maxStep: 0.15, minStep: 1e-4, growth: 1.2, shrinkage: 0.5 },
  multiplier: { initial: 300, max: 1e6 },
  // Growth and sufficient decrease: Birgin & Martínez (2008).
  penalty: { initial: 0.1, growth: 10, max: 1e6, sufficientDecrease: 0.5 },
  epsilon: { unit: 'relative', initial: 3e-5, factor: 0.7, final: 1e-9 },
  budget: { lowerLevelSolves: 15, effortEpochs: null, outerIterations: 10 },
  stop: { step: 0.002, failures: 3 },
  averaged: 5,
  retrain: true,
  refit: true,
} as const

const Sizes = t.type({ trainingExamples: Count, pair: t.partial({ batchSize: Count }) })

/**
 * The default number of steps of a pair. It covers the same number of epochs for any size of the training set: 100
 * steps of 64 on 600 examples, and never fewer than 100. A pair resolves curvatures h above about 1/(η·K), and a
 * penalty that is divided by N adds a curvature of order 1/N. If the steps did not grow with N, λ would be biased
 * upwards (measured: docs/method.md).
 */
const pairSteps = (given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const sizes = Sizes.decode({ ...given, pair: given['pair'] ?? {} })
  if (sizes._tag === 'Left') return {}
  const { trainingExamples, pair } = sizes.right
  const { steps, batchSize } = defaults.pair
  const perEpoch = trainingExamples / (pair.batchSize ?? batchSize)
  return { pair: { steps: Math.max(steps, Math.round((steps * batchSize * perEpoch) / measuredExamples)) } }
}

const Solves = t.type({ budget: t.type({ lowerLevelSolves: Count }) })

/** The default design has no more points than the budget has solves. */
const designSize = (given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const solves = Solves.decode(given)
  return solves._tag === 'Left'
    ? {}
    : { design: { size: Math.min(defaults.design.size, solves.right.budget.lowerLevelSolves) } }
}

/** Decodes a configuration; only `space` has no default. */
export const BilevelConfig: t.Type<BilevelConfig, unknown> = options(Full, {
  defaults,
  derive: given => ({ ...pairSteps(given), ...designSize(given) }),
  rules: [seedRule, ...designRules],
})

const rules: ReadonlyArray<readonly [field: string, holds: (c: BilevelConfig) => boolean, rule: string]> = [
  ['epsilon.factor', c => c.epsilon.factor <= 1, 'must be at most 1, so that ε never grows'],
  ['epsilon.final', c => c.epsilon.final <= c.epsilon.initial, 'must be at most `epsilon.initial`'],
  ['penalty.growth', c => c.penalty.growth > 1, 'must be greater than 1'],
  ['penalty.sufficientDecrease', c => c.penalty.sufficientDecrease < 1, 'must be less than 1'],
  ['penalty.max', c => c.penalty.max >= 1, 'is a multiple of ρ₀ and must be at least 1'],
  ['multiplier.max', c => c.multiplier.max >= c.multiplier.initial, 'must be at least `multiplier.initial`'],
  ['pair.stepCut', c => c.pair.stepCut < 1, 'must be less than 1'],
  ['descent.growth', c => c.descent.rule !== 'signs' || c.descent.growth >= 1, 'must be at least 1'],
  ['descent.shrinkage', c => c.descent.rule !== 'signs' || c.descent.shrinkage < 1, 'must be less than 1'],
  [
    'descent.minStep',
    c => c.descent.rule !== 'signs' || c.descent.minStep <= c.descent.initialStep,
    'must be at most `descent.initialStep`',
  ],
  [
    'descent.maxStep',
    c => c.descent.maxStep >= c.descent.initialStep,
    'must be at least `descent.initialStep`',
  ],
  [
    'design.lower',
    c => c.design.lower === null || c.design.lower.length === c.space.length,
    'needs a number for each hyperparameter',
  ],
  [
    'design.upper',
    c => c.design.upper === null || c.design.upper.length === c.space.length,
    'needs a number for each hyperparameter',
  ],
]

/** The configuration, if its fields are consistent. Errors: `InvalidConfig` with the field. */
export const validate = (config: BilevelConfig): E.Either<MethodError, BilevelConfig> =>
  pipe(
    SearchSpace.make(config.space),
    E.flatMap(() => {
      const broken = rules.find(([, holds]) => !holds(config))
      return broken === undefined
        ? E.right(config)
        : E.left(invalidConfig(broken[0], `The field \`${broken[0]}\` ${broken[2]}.`))
    }),
  )
