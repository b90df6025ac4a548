/**
 * Trains weights: minimises Σ coefficient·loss at a fixed λ, to a stated gradient.
 *
 * A cold solve, from the initial weights, is the paper's stochastic descent with a decaying step size and then
 * full-batch polishing; a warm solve, from other weights, is polishing only. {@link descend} takes a set number of
 * stochastic steps and no more.
 *
 * `effort` counts examples whose gradient was taken, of every set that was descended on.
 */
import * as E from 'fp-ts/lib/Either.js'
import { size } from '../data/set/ImageSet.js'
import {
  penaltyGradientOf,
  termed,
  valueAndGradient,
  wholeSetEffort,
  type TrainingContext,
  type Weighted,
} from './Losses.js'
import { minibatches } from './Minibatches.js'
import type { Aborted } from './Pauses.js'
import { polish } from './polish.js'
import type { SolverConfig } from './SolverConfig.js'
import { squares } from '../model/weightNorms.js'

/** Training went where no number or no hope is. */
export interface Diverged {
  readonly _tag: 'Diverged'
  readonly reason: string
  readonly effort: number
}

export type Stopped = Aborted | Diverged

/** Told of a share in [0, 1] of the budget that is spent, and of the effort so far. */
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
  /** Epochs of the objective's sets; a bound on all effort together. */
  readonly maxEpochs: number
  /** Seeds the order of the examples. */
  readonly seed: number
  readonly onProgress: OnProgress
}

export interface DescendOptions {
  readonly steps: number
  /** `null`: whole sets. */
  readonly batchSize: number | null
  readonly seed: number
  readonly stream: number
  /** What the configured step size is multiplied by. */
  readonly stepScale: number
  readonly onProgress: OnProgress
}

// These name the random streams of solves and descents among those of a seed.
const solveStream = 2
const descentStream = 3

const said = (value: number): string => (Number.isFinite(value) ? String(value) : 'not a finite number')

/** A loss this many times the first is not coming back. */
const hopeless = 1e4

interface Stochastic {
  readonly weights: Float32Array
  readonly effort: number
}

/**
 * Steps of Nesterov's accelerated gradient.
 *
 * The step size η is divided by the largest coefficient where that exceeds 1, for by that the objective is steeper
 * than one loss. The largest, not the sum: adding F/κ to f must leave the steps on f exactly as they were, or the two
 * paths of a pair would not be comparable.
 */
const stochasticDescent = async (
  context: TrainingContext,
  objective: ReadonlyArray<Weighted>,
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
  // The index keeps the order of one set the same whichever other sets are descended on.
  const drawn = objective.flatMap(({ coefficient, loss: { set, terms } }, index) => {
    if (coefficient === 0) return []
    const count = Math.min(plan.batchSize ?? size(set), size(set))
    const draw = minibatches(set, plan.batchSize, [...plan.stream, index], terms.costs?.target)
    const withTerm = termed(terms)
    return [{ draw: () => withTerm(draw()), count, scale: coefficient / count }]
  })
  const perStep = drawn.reduce((sum, { count }) => sum + count, 0)
  const steepness = Math.max(1, ...objective.map(({ coefficient }) => Math.abs(coefficient)))
  const descent = context.gradient.descent(start, penaltyGradientOf(objective))
  try {
    let initial = 0
    for (let step = 0; step < plan.steps; step++) {
      if (context.pauses.due()) {
        const paused = await context.pauses.pause()
        if (E.isLeft(paused)) return paused
        plan.onStep(step / plan.steps, step * perStep)
      }
      const value = descent.step(
        drawn.map(({ draw, scale }) => ({ batch: draw(), scale })),
        { rate: plan.learningRate(step) / steepness, momentum: plan.momentum },
      )
      // A first loss near zero, as a continued training may have, is no measure.
      if (step === 0) initial = Math.max(Math.abs(value), steepness)
      if (!(Math.abs(value) <= hopeless * initial)) {
        return E.left({
          _tag: 'Diverged',
          reason:
            `Training diverged: at step ${step + 1} of ${plan.steps} the minibatch loss was ${said(value)}. ` +
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

/** η for step `step` of `steps`: constant at first, then falling linearly to `finalShare` at the last step. */
const decayed =
  (rate: number, steps: number, constantShare: number, finalShare: number) =>
  (step: number): number => {
    const flat = Math.floor(constantShare * steps)
    if (step < flat || steps - flat <= 1) return rate
    return rate * (1 - ((1 - finalShare) * (step - flat)) / (steps - 1 - flat))
  }

/** Whether weights are all finite, with the effort spent on them if not. */
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
      // One epoch is kept for the gradient that says how good the result is.
      const epochs = Math.min(config.epochs, options.maxEpochs - 1)
      const steps = Math.max(0, Math.floor((epochs * largest) / Math.min(config.batchSize, largest)))
      const descended = await stochasticDescent(context, objective, start, {
        steps,
        batchSize: config.batchSize,
        momentum: config.momentum,
        stream: [options.seed, solveStream],
        learningRate: decayed(config.learningRate, steps, config.constantShare, config.finalShare),
        onStep: (_, effort) => report(effort),
      })
      if (E.isLeft(descended)) return descended
      const sane = finite(descended.right)
      if (E.isLeft(sane)) return sane
      from = sane.right
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
          reason: `Training diverged: the loss over the whole set is ${said(value)}, its gradient's norm ${said(gradientNorm)}.`,
          effort,
        })
  }

/**
 * Takes `steps` steps, with a step size that falls linearly to `descentFinalShare` of itself. The minibatches of
 * each set depend on seed and stream alone.
 */
export const descend =
  (context: TrainingContext, config: SolverConfig) =>
  (objective: ReadonlyArray<Weighted>, options: DescendOptions) =>
  async (start: Float32Array): Promise<E.Either<Stopped, Stochastic>> => {
    const descended = await stochasticDescent(context, objective, start, {
      steps: options.steps,
      batchSize: options.batchSize,
      momentum: config.descentMomentum,
      stream: [options.seed, descentStream, options.stream],
      learningRate: decayed(
        options.stepScale * config.learningRate,
        options.steps,
        0,
        config.descentFinalShare,
      ),
      onStep: options.onProgress,
    })
    return E.isLeft(descended) ? descended : finite(descended.right)
  }
