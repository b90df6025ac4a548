import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, tracking, type TrackingConfig } from '../../../src/core/index.js'
import { Laws, type MethodArbitraries, Simulate, spaces } from '../../../src/core/laws/index.js'
import { lawCases } from '../../support/cases.js'

/** Small runs; in the simulated worlds a training takes one unit of effort, or less. */
const small: MethodArbitraries<TrackingConfig> = {
  options: fc.record({
    seed: fc.nat(100),
    trainingExamples: fc.constant(0.25),
    start: fc.record({ at: fc.constantFrom(0.1, 0.5, 1), epochs: fc.constantFrom(null, 4) }),
    pair: fc.record({ steps: fc.integer({ min: 1, max: 3 }), batchSize: fc.constant(null) }),
    solve: fc.record({ coldEpochs: fc.constantFrom(4, 5) }),
    annealed: fc.constantFrom(0, 2),
    budget: fc.record({
      outerIterations: fc.integer({ min: 1, max: 6 }),
      effortEpochs: fc.oneof(fc.constant(null), fc.integer({ min: 40, max: 200 })),
    }),
    retrain: fc.boolean(),
    refit: fc.boolean(),
  }),
  solves: ({ retrain }) => (retrain ? 2 : 1),
}

const configOf = (options: object): TrackingConfig => {
  const decoded = decode(tracking.config)({ space: Simulate.ridgeSpace({ a: [3], b: [2] }), ...options })
  if (E.isLeft(decoded)) throw new Error(decoded.left)
  return decoded.right
}

const refusal = (options: object): string => {
  const begun = tracking.init(configOf(options))
  return E.isLeft(begun) ? begun.left.message : ''
}

describe('the tracking method', () => {
  it('keeps the laws of a method', () => {
    const report = Laws.assert(Laws.method(tracking, small)(lawCases(300, 'slow')))
    expect(report.findings.map(({ _tag }) => _tag)).toEqual(report.findings.map(() => 'Kept'))
  })

  it('keeps the laws of configurations', () => {
    const report = Laws.configurations(tracking, { fields: { space: spaces(2) } })(lawCases(300, 'usual'))
    expect(E.isRight(report) && Laws.passed(report.right)).toBe(true)
  })

  it('finds known solutions', () => {
    Laws.assert(
      Laws.optimum(tracking, {
        // Answers are exact: what counts as noise is the curvature of the gradient.
        options: fc.constant({ budget: { outerIterations: 200 }, stop: { withinNoise: 1000 } }),
        problems: Simulate.ridgeProblems(2),
        within: 0.05,
      })(lawCases(20, 'heavy')),
    )
  })

  it('says why it refuses', () => {
    expect(refusal({ multiplier: { min: 0.5 } })).toBe('The field `multiplier.min` must be at least 1.')
    expect(refusal({ multiplier: { initial: 2 } })).toBe(
      'The field `multiplier.initial` must be at least `multiplier.min`.',
    )
    expect(refusal({ start: { lambda: [99] } })).toBe(
      'The field `start.lambda` needs a number for each hyperparameter, within its bounds.',
    )
    const short = tracking.init(configOf({ trainingExamples: 10, budget: { effortEpochs: 5 } }))
    expect(E.isLeft(short) && short.left.message).toContain('does not cover a training and a pair')
  })
})

/** A world whose answers to a descent have noise that does not depend on κ: that of a pair grows with it. */
const noisyRun = (noise: number, seed: number, iterations: number) => {
  const { space, world } = Simulate.ridge({ a: [3, 4], b: [2, 1.5] })
  const config = configOf({ space, budget: { outerIterations: iterations }, stop: { withinNoise: 1000 } })
  return Simulate.drive(tracking)(
    config,
    Simulate.hostile({ ...Simulate.friendly, noise, seed })(world),
  ).transitions.flatMap(({ info }) =>
    info.coefficient === null || info.signal === undefined || info.noise === undefined
      ? []
      : [{ kappa: info.coefficient, signal: info.signal, noise: info.noise, lambda: info.lambda ?? [] }],
  )
}

describe('the gains of a run', () => {
  it('add up to the fall of F, and are largest where the optimum is farthest', () => {
    const space = Simulate.ridgeSpace({ a: [3, 3], b: [2, 0.4] })
    const decoded = decode(tracking.config)({ space, budget: { outerIterations: 150 } })
    if (E.isLeft(decoded)) throw new Error(decoded.left)
    const { world } = Simulate.ridge({ a: [3, 3], b: [2, 0.4] })
    const { transitions } = Simulate.drive(tracking)(decoded.right, world)
    const infos = transitions.map(({ info }) => info)
    const measured = infos.flatMap(({ signal, upperLoss }) =>
      signal === undefined ? [] : [upperLoss ?? NaN],
    )
    const [gains = []] = infos.flatMap(({ outcome }) => outcome?.rows.map(row => row.gains ?? []) ?? [])
    const fall = measured[0]! - measured.at(-1)!
    expect(gains).toHaveLength(2)
    expect(Math.abs(gains[0]! + gains[1]! - fall)).toBeLessThan(0.05 * fall)
  })
})

describe('the multiplier of a run', () => {
  it('falls after every pair whose noise exceeds its share, unless the gradient is within its noise', () => {
    fc.assert(
      fc.property(fc.constantFrom(1e-5, 1e-4, 1e-3), fc.nat(1000), (noise, seed) => {
        const infos = noisyRun(noise, seed, 40)
        infos.slice(1).forEach(({ kappa }, i) => {
          const before = infos[i]!
          const { min } = configOf({}).multiplier
          if (before.noise > 0.301 * before.signal && before.noise < before.signal && before.kappa > min)
            expect(kappa).toBeLessThan(before.kappa * 1.2)
        })
      }),
      { numRuns: 20, seed: 7 },
    )
  })

  it('falls where answers are noisy, and not where they are exact', () => {
    const least = (noise: number): number => Math.min(...noisyRun(noise, 3, 6).map(({ kappa }) => kappa))
    expect(least(0.05)).toBeLessThan(20)
    expect(least(0)).toBeGreaterThanOrEqual(29)
  })

  it('doubles after a pair whose paths left the valley of y, and measures nothing there', () => {
    const { space, world } = Simulate.ridge({ a: [3, 4], b: [2, 1.5] })
    const config = configOf({ space, budget: { outerIterations: 3 } })
    const { transitions } = Simulate.drive(tracking, {
      // The first relaxed path.
      observation: given =>
        given._tag === 'WeightsDescended' && given.id === 2 ? { ...given, lower: 1e6 } : given,
    })(config, world)
    const kappas = transitions.flatMap(({ commands }) =>
      commands.flatMap(command =>
        command._tag === 'DescendWeights' && command.upperCoefficient > 0
          ? [1 / command.upperCoefficient]
          : [],
      ),
    )
    expect(kappas.slice(0, 3).map(Math.round)).toEqual([30, 30, 60])
    const [left] = transitions.flatMap(({ info }) =>
      info.message?.includes('left the valley') === true ? [info] : [],
    )
    expect(left?.signal).toBe(undefined)
  })

  it('ends the search where paths leave the valley again and again, with the weights before', () => {
    const { space, world } = Simulate.ridge({ a: [3, 4], b: [2, 1.5] })
    const { transitions } = Simulate.drive(tracking, {
      // Each failed first pair has five paths, the first of which is y.
      observation: given =>
        given._tag === 'WeightsDescended' && given.id % 5 !== 1 ? { ...given, lower: 1e6 } : given,
    })(configOf({ space }), world)
    const outcome = transitions.at(-1)?.info.outcome
    expect(outcome?.stopReason).toBe('failures')
    expect(outcome?.rows).toHaveLength(1)
  })

  it('does not repeat a first pair whose repeat exceeds the budget', () => {
    const { space, world } = Simulate.ridge({ a: [3, 4], b: [2, 1.5] })
    const config = configOf({
      space,
      trainingExamples: 1,
      solve: { coldEpochs: 4 },
      pair: { steps: 3, batchSize: null },
      // After a training of 4 epochs and five paths of 6 there are 20 left: for a later pair (18), not for a first one (32).
      budget: { effortEpochs: 54 },
    })
    const { transitions } = Simulate.drive(tracking, {
      observation: given =>
        given._tag === 'LowerLevelSolved'
          ? { ...given, effort: 4 }
          : given._tag === 'WeightsDescended'
            ? { ...given, effort: 6, lower: given.id % 5 === 1 ? given.lower : 1e6 }
            : given,
    })(config, world)
    const relaxed = transitions.flatMap(({ commands }) =>
      commands.filter(command => command._tag === 'DescendWeights' && command.upperCoefficient !== 0),
    )
    expect(relaxed).toHaveLength(4)
    expect(transitions.at(-1)?.info.outcome?.stopReason).toBe('failures')
  })

  it('knows its noise after the first pair, which is repeated', () => {
    const [first] = noisyRun(1e-3, 5, 2)
    expect(first?.noise).toBeGreaterThan(0)
  })
})
