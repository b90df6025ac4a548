/**
 * How the method is configured for problems given as functions: solves and descents are exact, units are anything.
 */
import type { CompleteProblem } from './BilevelProblem.js'
import { type Box, reach } from './range.js'
import type { SolveOptions } from './SolveOptions.js'

/**
 * The final ε relative to the scale of f: as little as float64 leaves visible of f(z) − f(y) where f is a sum of about
 * as many terms as y has components, whose rounding adds up like a random walk.
 */
const leastEpsilon = 1e-13

/** The method's configuration, where solves and descents are exact and units are anything. */
export const exactConfig = (
  problem: CompleteProblem,
  box: Box,
  widening: number,
  budget: number,
  { epsilon, xTolerance = 1e-6, upperTolerance = 1e-12, seed = 0 }: SolveOptions,
): unknown => {
  const { x, y } = problem
  const { start } = x
  const bounded = x.lower.every(Number.isFinite) && x.upper.every(Number.isFinite)
  const final = leastEpsilon * Math.sqrt(y.start.length)
  // As shares of the range, which is only a guess where there are no bounds.
  const stepTolerance = bounded ? xTolerance : xTolerance / (reach * widening)
  return {
    seed,
    space: start.map((_, k) => ({
      name: `x${k}`,
      lower: box.lower[k],
      upper: box.upper[k],
      scale: 'linear',
    })),
    linearInCoefficients: false,
    design: { kind: 'diagonal', size: 1, lower: start, upper: start },
    solve: { tolerance: 1e-12, coldEpochs: 1e9, warmEpochs: 1e9 },
    pair: {
      reference: 'solved',
      steps: 2000,
      batchSize: null,
      innerIterations: 80,
      balance: epsilon === undefined ? 0.9 : 1e-6,
    },
    descent: {
      rule: 'quasiNewton',
      // About the size of x where the range is only a guess.
      initialStep: bounded ? 0.1 : 0.5 / reach,
      maxStep: 1,
      minStep: stepTolerance,
      memory: Math.max(30, 2 * start.length),
      backtracks: 6,
      complete: true,
      gain: upperTolerance,
    },
    multiplier: { initial: 10, max: 1e15 },
    penalty: { initial: 0.1, max: 1e30, growth: 100 },
    // ε is final from the start: it is reached in a few dual steps from any multiplier, since v ≈ C/μ².
    epsilon:
      epsilon === undefined
        ? { unit: 'relative', initial: final, factor: 1, final }
        : { unit: 'absolute', initial: epsilon, factor: 1, final: epsilon },
    budget: { lowerLevelSolves: budget, outerIterations: 10 * budget },
    stop: { step: stepTolerance, failures: 8 },
    averaged: 1,
    retrain: false,
    refit: false,
  }
}
