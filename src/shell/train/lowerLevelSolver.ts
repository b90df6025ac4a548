/**
 * Trains weights: minimises Σ coefficient·loss at a fixed λ, until the gradient's norm is within a tolerance.
 *
 * A cold solve starts from the initial weights. It is the paper's stochastic descent with a decaying step size, then
 * full-batch polishing. A warm solve starts from other weights and only polishes. {@link descend} takes a fixed number of
 * stochastic steps. A solve along a path has several objectives, which share its stochastic steps equally.
 *
 * `effort` counts examples whose gradient was taken, over all sets of the objective.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RNEA from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import { size } from '../data/set/ImageSet.js'
import {
  penaltyGradientOf,
  termed,
  valueAndGradient,
  wholeSetEffort,
  type Loss,
  type TrainingContext,
  type Weighted,
} from './Losses.js'
import { minibatches } from './Minibatches.js'
import type { Aborted } from './Pauses.js'
import { polish } from './polish.js'
import type { SolverConfig } from './SolverConfig.js'
import { squares } from '../model/weightNorms.js'

/** Training reached values that are not finite, or a loss too large to recover from. */
export interface Diverged {
  readonly _tag: 'Diverged'
  readonly reason: string
  readonly effort: number
}

export type Stopped = Aborted | Diverged

/** Called with the spent share of the budget, in [0, 1], and the effort so far. */
export type OnProgress = (done: number, effort: number) => void

export interface Solved {
  readonly weights: Float32Array
  readonly value: number
  /** ‖∇_w objective‖₂ over whole sets. */
  readonly gradientNorm: number
  readonly converged: boolean
  readonly effort: number
}

export interface SolveOptions {
  readonly cold: boolean
  readonly tolerance: number
  /** A bound on the total effort, in epochs of the objective's sets. */
  readonly maxEpochs: number
  /** Seeds the order of the examples. */
  readonly seed: number
  /**
   * Objectives of equal parts of the stochastic steps, with the sets and coefficients of the objective to minimise. Default: only
   * that objective.
   */
  readonly path?: ReadonlyArray<Objective>
  readonly onProgress: OnProgress
}

/** A sum of weighted losses. */
type Objective = ReadonlyArray<Weighted>

export interface DescendOptions {
  readonly steps: number
  /** `null`: whole sets. */
  readonly batchSize: number | null
  readonly seed: number
  readonly stream: number
  /** A factor of the configured step size. */
  readonly stepScale: number
  /** Step size of the last step as a share of that of the first. */
  readonly finalShare: number
  readonly onProgress: OnProgress
}

// Solves and descents of one seed draw from different random streams.
const solveStream = 2
const descentStream = 3

const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : 'not a finite number')

/** Training counts as diverged once the loss is this many times the first one. */
const divergenceFactor = 1e4

interface Stochastic {
  readonly weights: Float32Array
  readonly effort: number
}

/**
 * Steps of Nesterov's accelerated gradient. The objectives of `stages` share the steps equally, in order.
 *
 * If the largest coefficient exceeds 1, the step size η is divided by it, because the objective is that much steeper than
 * one loss. It is the largest and not the sum: adding F/κ to f must not change the steps on f, otherwise the two paths of
 * a symmetric pair are not comparable.
 */
const stochasticDescent = async (
  context: TrainingContext,
  stages: RNEA.ReadonlyNonEmptyArray<Objective>,
  start: Float32Array,
  plan: {
    readonly steps: number
    readonly batchSize: number | null
    readonly momentum: number
    readonly stream: ReadonlyArray<number>
    readonly learningRate: (step: number) => number
    readonly onStep: OnProgress
  },
): Promise<E.Either<Stopped, Stochastic>> => {
  let stage = 0
  const termsNow = (index: number): Loss['terms'] => stages[stage]![index]!.loss.terms
  const [first] = stages
  // The index makes the order of one set independent of the other sets in the objective.
  const drawn = first.flatMap(({ coefficient, loss: { set, augment } }, index) => {
    if (coefficient === 0) return []
    const count = Math.min(plan.batchSize ?? size(set), size(set))
    const targetNow = () => termsNow(index).costs?.target ?? null
    const draw = minibatches(set, plan.batchSize, [...plan.stream, index], targetNow, augment)
    return [{ draw: () => termed(termsNow(index))(draw()), count, scale: coefficient / count }]
  })
  const perStep = drawn.reduce((sum, { count }) => sum + count, 0)
  const steepness = Math.max(1, ...first.map(({ coefficient }) => Math.abs(coefficient)))
  const descent = context.gradient.descent(start, penaltyGradientOf(first))
  try {
    let initial = 0
    for (let step = 0; step < plan.steps; step++) {
      if (context.pauses.due()) {
        const paused = await context.pauses.pause()
        if (E.isLeft(paused)) return paused
        plan.onStep(step / plan.steps, step * perStep)
      }
      const due = Math.floor((step * stages.length) / plan.steps)
      if (due > stage) {
        stage = due
        descent.penalise(penaltyGradientOf(stages[stage]!))
      }
      const value = descent.step(
        drawn.map(({ draw, scale }) => ({ batch: draw(), scale })),
        { rate: plan.learningRate(step) / steepness, momentum: plan.momentum },
      )
      // A continued training may start with a loss near zero, which gives no scale.
      if (step === 0) initial = Math.max(Math.abs(value), steepness)
      if (!(Math.abs(value) <= divergenceFactor * initial)) {
        return E.left({
          _tag: 'Diverged',
          reason:
            `Training diverged: at step ${step + 1} of ${plan.steps} the minibatch loss was ${numberText(value)}. ` +
            'A smaller learning rate, or a lower upper bound of the hyperparameters, may prevent it.',
          effort: (step + 1) * perStep,
        })
      }
    }
    return E.right({ weights: descent.weights(), effort: plan.steps * perStep })
  } finally {
    descent.end()
  }
}

/** η for step `step` of `steps`: constant at first, then linear to `finalShare` of `rate` at the last step. */
const decayed =
  (rate: number, steps: number, constantShare: number, finalShare: number) =>
  (step: number): number => {
    const flat = Math.floor(constantShare * steps)
    if (step < flat || steps - flat <= 1) return rate
    return rate * (1 - ((1 - finalShare) * (step - flat)) / (steps - 1 - flat))
  }

/** Checks that all weights are finite. */
const finite = ({ weights, effort }: Stochastic): E.Either<Diverged, Stochastic> =>
  // Squares of float32 numbers do not overflow float64.
  Number.isFinite(squares(weights))
    ? E.right({ weights, effort })
    : E.left({
        _tag: 'Diverged',
        reason:
          'Training diverged: some weights are not finite numbers any more. Use a smaller learning rate.',
        effort,
      })

/** Minimises an objective. */
export const solve =
  (context: TrainingContext, config: SolverConfig) =>
  (objective: ReadonlyArray<Weighted>, options: SolveOptions) =>
  async (start: Float32Array): Promise<E.Either<Stopped, Solved>> => {
    const epoch = wholeSetEffort(objective)
    const budget = options.maxEpochs * epoch
    const report = (effort: number): void => options.onProgress(Math.min(1, effort / budget), effort)
    let from: Stochastic = { weights: start, effort: 0 }
    if (options.cold) {
      const largest = Math.max(
        ...objective.map(({ coefficient, loss }) => (coefficient === 0 ? 0 : size(loss.set))),
      )
      // One epoch of the budget is left for the first gradient of polishing.
      const epochs = Math.min(config.epochs, options.maxEpochs - 1)
      const steps = Math.max(0, Math.floor((epochs * largest) / Math.min(config.batchSize, largest)))
      const stages = RNEA.fromReadonlyArray(options.path ?? [])
      const descended = await stochasticDescent(
        context,
        O.getOrElse(() => RNEA.of(objective))(stages),
        start,
        {
          steps,
          batchSize: config.batchSize,
          momentum: config.momentum,
          stream: [options.seed, solveStream],
          learningRate: decayed(config.learningRate, steps, config.constantShare, config.finalShare),
          onStep: (_, effort) => report(effort),
        },
      )
      if (E.isLeft(descended)) return descended
      const checked = finite(descended.right)
      if (E.isLeft(checked)) return checked
      from = checked.right
    }
    const polished = await polish(valueAndGradient(context)(objective), {
      tolerance: options.tolerance,
      maxEvaluations: Math.max(1, Math.floor((budget - from.effort) / epoch)),
      memory: config.memory,
      onIteration: evaluations => report(from.effort + evaluations * epoch),
    })(from.weights)
    if (E.isLeft(polished)) return polished
    const { weights, value, gradientNorm, evaluations } = polished.right
    const effort = from.effort + evaluations * epoch
    return Number.isFinite(value) && Number.isFinite(gradientNorm)
      ? E.right({ weights, value, gradientNorm, converged: gradientNorm <= options.tolerance, effort })
      : E.left({
          _tag: 'Diverged',
          reason: `Training diverged: the loss over the whole set is ${numberText(value)}, its gradient's norm ${numberText(gradientNorm)}.`,
          effort,
        })
  }

/**
 * Takes `steps` steps. The step size falls linearly to `finalShare` of its first value. The minibatches of each set
 * depend only on seed and stream.
 */
export const descend =
  (context: TrainingContext, config: SolverConfig) =>
  (objective: ReadonlyArray<Weighted>, options: DescendOptions) =>
  async (start: Float32Array): Promise<E.Either<Stopped, Stochastic>> => {
    const descended = await stochasticDescent(context, RNEA.of(objective), start, {
      steps: options.steps,
      batchSize: options.batchSize,
      momentum: config.descentMomentum,
      stream: [options.seed, descentStream, options.stream],
      learningRate: decayed(options.stepScale * config.learningRate, options.steps, 0, options.finalShare),
      onStep: options.onProgress,
    })
    return E.isLeft(descended) ? descended : finite(descended.right)
  }
