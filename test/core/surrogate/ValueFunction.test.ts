import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode } from '../../../src/core/codec/Codec.js'
import type { SearchSpace } from '../../../src/core/protocol/SearchSpace.js'
import * as GaussianProcess from '../../../src/core/surrogate/gp/GaussianProcess.js'
import * as ValueFunction from '../../../src/core/surrogate/ValueFunction.js'
import { denseOf, near, right, slopeError } from './support.js'
import { cases } from '../../support/cases.js'

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true })

const space: SearchSpace = [
  { name: 'first', lower: -6, upper: 3, scale: 'log' },
  { name: 'second', lower: 0, upper: 4, scale: 'linear' },
]

/**
 * Diagonal ridge: f(λ, w) = Σ (w_k − a_k)² + θ_k w_k², minimal at w_k = a_k/(1+θ_k), φ = Σ a_k² θ_k/(1+θ_k). The
 * argument `w` scales the minimizer: 1 is a solve, any other value arbitrary weights.
 */
const ridge =
  (a: ReadonlyArray<number>, w = 1, scale = 1) =>
  (lambda: ReadonlyArray<number>): ValueFunction.Sample => {
    const theta = [Math.exp(lambda[0]!), lambda[1]!]
    const weights = theta.map((t, k) => (w * a[k]!) / (1 + t))
    return {
      lambda,
      value: scale * theta.reduce((sum, t, k) => sum + (weights[k]! - a[k]!) ** 2 + t * weights[k]! ** 2, 0),
      gradient: [scale * theta[0]! * weights[0]! ** 2, scale * weights[1]! ** 2],
      valueNoise: 0,
      gradientNoise: 0,
    }
  }

const phiOf = (a: ReadonlyArray<number>, lambda: ReadonlyArray<number>): number => ridge(a)(lambda).value

const observed = (
  samples: ReadonlyArray<ValueFunction.Sample>,
  options: Partial<ValueFunction.Options> = {},
  over: SearchSpace = space,
): ValueFunction.ValueFunction =>
  samples.reduce(
    (phi, sample) => right(ValueFunction.observe(sample)(phi)),
    right(ValueFunction.make(over, options)),
  )

const lambdas = fc.tuple(between(-6, 3), between(0, 4))
const problems = fc.record({
  a: fc.tuple(between(0.2, 3), between(0.2, 3)),
  points: fc.array(lambdas, { minLength: 1, maxLength: 6 }),
  weights: fc.array(between(0.5, 1.5), { minLength: 6, maxLength: 6 }),
  at: lambdas,
  kernel: fc.constantFrom('rbf' as const, 'matern52' as const),
})

describe('ValueFunction: laws', () => {
  it('respects the envelope: mean ≤ f(λ, w) for every known w, and the bound is f(λ, w) itself ≥ φ(λ)', () => {
    fc.assert(
      fc.property(problems, ({ a, points, weights, at, kernel }) => {
        const samples = points.map((lambda, i) => ridge(a, weights[i])(lambda))
        const phi = observed(samples, { linearInCoefficients: true, kernel })
        const { mean, boundedBy } = ValueFunction.predict(at)(phi)
        const bound = pipe(
          ValueFunction.lowestBound(at)(phi),
          O.getOrElseW(() => expect.fail('no bound')),
        )
        const theta = [Math.exp(at[0]), at[1]]
        const known = points.map((lambda, i) =>
          [Math.exp(lambda[0]), lambda[1]].reduce((sum, t, k) => {
            const w = (weights[i]! * a[k]!) / (1 + t)
            return sum + (w - a[k]!) ** 2 + theta[k]! * w ** 2
          }, 0),
        )
        near(bound.value, Math.min(...known), 1e-10)
        near(bound.value, known[bound.index]!, 1e-10)
        expect(mean).toBeLessThanOrEqual(bound.value)
        expect(bound.value).toBeGreaterThanOrEqual(phiOf(a, at) - 1e-10 * Math.abs(bound.value))
        if (boundedBy !== null) expect(mean).toBe(bound.value)
      }),
      cases(1000),
    )
  })

  it('gradients by λ are finite differences (tolerance 1e-5 of the scale), also of the bound', () => {
    fc.assert(
      fc.property(problems, ({ a, points, weights, at, kernel }) => {
        const samples = points.map((lambda, i) => ({
          ...ridge(a, weights[i])(lambda),
          valueNoise: 1e-4,
          gradientNoise: 1e-3,
        }))
        for (const linearInCoefficients of [false, true]) {
          const phi = observed(samples, { linearInCoefficients, kernel })
          const { gradient, varianceGradient, boundedBy, variance } = ValueFunction.predict(at)(phi)
          const around = [0, 1].flatMap(k =>
            [2e-3, -2e-3].map(by => at.map((x, i) => (i === k ? x + by : x))),
          )
          // There is a kink where another bound takes over.
          if (around.some(near => ValueFunction.predict(near)(phi).boundedBy !== boundedBy)) continue
          const { scale } = phi.standardization
          gradient.forEach((g, k) =>
            expect(slopeError(g, x => ValueFunction.predict(x)(phi).mean, at, k)).toBeLessThan(
              1e-5 * (scale + Math.abs(g)),
            ),
          )
          if (variance > 1e-4 * scale ** 2)
            varianceGradient.forEach((g, k) =>
              expect(slopeError(g, x => ValueFunction.predict(x)(phi).variance, at, k)).toBeLessThan(
                1e-5 * scale ** 2,
              ),
            )
        }
      }),
      cases(1000),
    )
  })

  it('is the same up to units under affine changes of the search space and of the loss (1e-7 of the scale)', () => {
    const linear = ([lower, upper]: readonly [number, number], name: string) => ({
      name,
      lower,
      upper,
      scale: 'linear' as const,
    })
    const flat: SearchSpace = [linear([-6, 3], 'first'), linear([0, 4], 'second')]
    fc.assert(
      fc.property(
        problems,
        fc.tuple(between(-3, 3), between(-3, 3)),
        between(-5, 5),
        between(-12, 12),
        between(-1, 1),
        ({ a, points, at, kernel }, stretches, offset, size, shift) => {
          const stretch = stretches.map(s => 10 ** s)
          const unit = 10 ** size
          const moved = (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
            lambda.map((x, k) => stretch[k]! * (x + offset))
          const changed: SearchSpace = flat.map(({ name, lower, upper }, k) =>
            linear([stretch[k]! * (lower + offset), stretch[k]! * (upper + offset)], name),
          )
          const noise = { valueNoise: 1e-4, gradientNoise: null }
          const samples = points.map(lambda => ({ ...ridge(a)(lambda), ...noise }))
          const there = samples.map(({ lambda, value, gradient }) => ({
            lambda: moved(lambda),
            value: unit * (value + shift),
            gradient: gradient!.map((g, k) => (unit * g) / stretch[k]!),
            valueNoise: noise.valueNoise * unit * unit,
            gradientNoise: null,
          }))
          const [one, other] = [observed(samples, { kernel }, flat), observed(there, { kernel }, changed)]
          const [p, q] = [ValueFunction.predict(at)(one), ValueFunction.predict(moved(at))(other)]
          const { scale } = one.standardization
          near((q.mean / unit - shift) / scale, p.mean / scale, 1e-7)
          near(q.variance / unit / unit / scale ** 2, p.variance / scale ** 2, 1e-7)
          q.gradient.forEach((g, k) => near((g * stretch[k]!) / unit / scale, p.gradient[k]! / scale, 1e-7))
        },
      ),
      cases(1000),
    )
  })

  it('survives JSON unchanged, with the same predictions', () => {
    fc.assert(
      fc.property(problems, ({ a, points, at }) => {
        const phi = observed(points.map(ridge(a)), { linearInCoefficients: true })
        const back = right(
          pipe(
            JSON.parse(JSON.stringify(phi)) as unknown,
            decode(ValueFunction.ValueFunction),
            E.mapLeft(message => ({ message })),
          ),
        )
        expect(back).toStrictEqual(phi)
        expect(ValueFunction.predict(at)(back)).toStrictEqual(ValueFunction.predict(at)(phi))
        const next = ridge(a)(at)
        expect(ValueFunction.observe(next)(back)).toStrictEqual(ValueFunction.observe(next)(phi))
      }),
      cases(1000),
    )
  })

  it('observing shares unchanged parts', () => {
    const before = right(ValueFunction.refit(observed([[-3, 1], [0, 2], [1, 3]].map(ridge([1, 2]))))) // prettier-ignore
    const after = right(ValueFunction.observe(ridge([1, 2])([-1, 1]))(before))
    denseOf(before).factor.rows.forEach((row, i) => expect(denseOf(after).factor.rows[i]).toBe(row))
    before.samples.forEach((sample, i) => expect(after.samples[i]).toBe(sample))
    expect(after.space).toBe(before.space)
    expect(after.options).toBe(before.options)
    expect(after.samples.length).toBe(before.samples.length + 1)
  })
})

describe('ValueFunction: fitted', () => {
  const grid = Array.from({ length: 9 }, (_, i) => [-5 + 3.5 * (i % 3), 0.3 + 1.6 * Math.floor(i / 3)])
  const probes = Array.from({ length: 50 }, (_, i) => [
    -1.5 + 4 * Math.sin(7 * i),
    2 + 1.7 * Math.sin(11 * i),
  ])
  const worst = (phi: ValueFunction.ValueFunction, a: ReadonlyArray<number>): number =>
    Math.max(...probes.map(at => Math.abs(ValueFunction.predict(at)(phi).mean - phiOf(a, at))))

  it.each(['rbf', 'matern52'] as const)(
    '%s: nine solves with gradients determine φ to a fiftieth of its range',
    kernel => {
      const a = [1.5, 2]
      const phi = right(
        ValueFunction.refit(observed(grid.map(ridge(a)), { kernel, linearInCoefficients: true })),
      )
      const range = phiOf(a, [3, 4]) - phiOf(a, [-6, 0])
      expect(worst(phi, a)).toBeLessThan(0.02 * range)
      const valuesOnly = right(
        ValueFunction.refit(
          observed(
            grid.map(lambda => ({ ...ridge(a)(lambda), gradient: null })),
            { kernel },
          ),
        ),
      )
      expect(worst(phi, a)).toBeLessThan(0.5 * worst(valuesOnly, a))
    },
  )

  it('raises the evidence, finds the noise, and states an honest deviation', () => {
    const noisy = Array.from({ length: 30 }, (_, i) => {
      const sample = ridge([1.5, 2])([-1.5 + 4.4 * Math.sin(13 * i), 2 + 1.9 * Math.sin(29 * i)])
      return {
        lambda: sample.lambda,
        value: sample.value + 0.05 * Math.sin(1e4 * i),
        gradient: sample.gradient!.map((g, k) => g + 0.05 * Math.sin(1e4 * i + 1e3 * (k + 1))),
      }
    })
    const phi = right(ValueFunction.refit(observed(noisy)))
    const gp = denseOf(phi)
    const deviation = phi.standardization.scale * Math.sqrt(gp.hyperparameters.noiseVariance * 1e-6)
    expect(deviation).toBeGreaterThan(0.01)
    expect(deviation).toBeLessThan(0.12)
    const errors = probes.map(at => {
      const { mean, variance } = ValueFunction.predict(at)(phi)
      return Math.abs(mean - phiOf([1.5, 2], at)) / Math.sqrt(variance)
    })
    expect(errors.filter(error => error < 3).length).toBeGreaterThan(45)
  })

  it.each([1e-12, 1e-3, 1, 1e3, 1e12])('is the same up to units if losses are %d times as large', scale => {
    const of = (by: number): ValueFunction.ValueFunction =>
      right(ValueFunction.refit(observed(grid.map(ridge([1.5, 2], 1, by)))))
    const [one, scaled] = [of(1), of(scale)]
    for (const at of probes) {
      const [p, q] = [ValueFunction.predict(at)(one), ValueFunction.predict(at)(scaled)]
      expect(Math.abs(q.mean / scale - p.mean)).toBeLessThan(1e-4)
      q.gradient.forEach((g, k) => expect(Math.abs(g / scale - p.gradient[k]!)).toBeLessThan(1e-3))
    }
  })

  it('accepts one sample, constant data, zeros, repeats and near-duplicates', () => {
    const flat =
      (value: number) =>
      (lambda: ReadonlyArray<number>): ValueFunction.Sample => ({ lambda, value, gradient: [0, 0] })
    const hard: ReadonlyArray<readonly [string, ReadonlyArray<ValueFunction.Sample>]> = [
      ['one', [ridge([1, 2])([0, 1])]],
      ['one without gradient', [{ lambda: [0, 1], value: 7, gradient: null }]],
      ['zeros', grid.map(flat(0))],
      ['constant 1e12', grid.map(flat(1e12))],
      ['constant 1e-12', grid.map(flat(1e-12))],
      ['repeats', Array.from({ length: 12 }, () => ridge([1, 2])([0, 1]))],
      ['near-duplicates', Array.from({ length: 12 }, (_, i) => ridge([1, 2])([1e-9 * i, 1]))],
      [
        'contradictions',
        Array.from({ length: 6 }, (_, i) => ({ lambda: [0, 1], value: i, gradient: [i, -i] })),
      ],
    ]
    for (const [name, samples] of hard) {
      const phi = observed(samples, { linearInCoefficients: true })
      for (const state of [phi, right(ValueFunction.refit(phi))]) {
        const { mean, variance, gradient } = ValueFunction.predict([0, 1])(state)
        expect([mean, variance, ...gradient].every(Number.isFinite), name).toBe(true)
        const { scale } = state.standardization
        if (name !== 'contradictions')
          expect(Math.abs(mean - ridgeOr(samples)), name).toBeLessThan(2e-3 * scale)
        expect(ValueFunction.jitter(state), name).toBeLessThan(1e-6)
      }
    }
  })

  const ridgeOr = (samples: ReadonlyArray<ValueFunction.Sample>): number => samples[0]!.value

  it('samples observed after a fit improve it, without another fit', () => {
    const fitted = right(ValueFunction.refit(observed(grid.map(ridge([1, 2])))))
    const appended = probes
      .slice(0, 5)
      .map(ridge([1, 2]))
      .reduce((phi, sample) => right(ValueFunction.observe(sample)(phi)), fitted)
    expect(worst(appended, [1, 2])).toBeLessThan(worst(fitted, [1, 2]))
  })
})

describe('ValueFunction: with a limited number of rows', () => {
  const maxRows = 30
  const points = fc.array(lambdas, { minLength: 1, maxLength: 40 })
  const sampleAt = ridge([1, 2])

  it('never holds more, forgets the oldest first and at most half at once, and counts all samples', () => {
    fc.assert(
      fc.property(points, at => {
        at.map(sampleAt).reduce(
          (before, sample, i) => {
            const phi = right(ValueFunction.observe(sample)(before))
            expect(denseOf(phi).targets.length).toBeLessThanOrEqual(maxRows)
            expect(denseOf(phi).targets.length).toBe(3 * phi.samples.length)
            expect(ValueFunction.seen(phi)).toBe(i + 1)
            expect(phi.samples.map(({ lambda }) => lambda)).toEqual(
              at.slice(phi.forgotten, i + 1).map(lambda => lambda.map(x => x + 0)),
            )
            expect(phi.samples.length).toBeGreaterThan(before.samples.length / 2)
            return phi
          },
          observed([], { maxRows }),
        )
      }),
      cases(100),
    )
  })

  it('keeps its fit, and equals a model conditioned on the remaining samples (bit for bit)', () => {
    const grid = Array.from({ length: 20 }, (_, i) => [-6 + (9 * i) / 19, (4 * ((7 * i) % 20)) / 19])
    const fitted = right(ValueFunction.refit(observed(grid.slice(0, 8).map(sampleAt), { maxRows })))
    const phi = grid
      .slice(8)
      .map(sampleAt)
      .reduce((before, sample) => right(ValueFunction.observe(sample)(before)), fitted)
    expect(phi.forgotten).toBeGreaterThan(0)
    expect(phi.standardization).toBe(fitted.standardization)
    const gp = denseOf(phi)
    expect(gp.hyperparameters).toEqual(denseOf(fitted).hyperparameters)
    expect(right(GaussianProcess.conditionOn(gp.hyperparameters)(gp.observations))).toEqual(gp)
  })

  it('keeps at least the latest sample, however many rows it has', () => {
    const phi = observed(
      [
        [-1, 1],
        [0, 2],
        [1, 3],
      ].map(sampleAt),
      { maxRows: 2 },
    )
    expect(phi.samples.map(({ lambda }) => lambda)).toEqual([
      [0, 2],
      [1, 3],
    ])
  })
})

describe('ValueFunction: an estimate', () => {
  it('equals the prediction without its gradients, bit for bit', () => {
    fc.assert(
      fc.property(problems, fc.boolean(), ({ a, points, weights, at, kernel }, linearInCoefficients) => {
        const phi = observed(
          points.map((lambda, i) => ridge(a, weights[i])(lambda)),
          { kernel, linearInCoefficients },
        )
        const { gradient, varianceGradient, ...rest } = ValueFunction.predict(at)(phi)
        expect([gradient.length, varianceGradient.length]).toEqual([2, 2])
        expect(ValueFunction.estimate(at)(phi)).toEqual(rest)
      }),
      cases(200),
    )
  })
})

describe('ValueFunction: wrong input', () => {
  it.each<readonly [string, ValueFunction.Sample]>([
    ['λ too short', { lambda: [1], value: 1, gradient: null }],
    ['a gradient too long', { lambda: [1, 1], value: 1, gradient: [1, 2, 3] }],
    ['NaN', { lambda: [1, 1], value: NaN, gradient: null }],
    ['an infinite gradient', { lambda: [1, 1], value: 1, gradient: [Infinity, 0] }],
    ['negative noise', { lambda: [1, 1], value: 1, gradient: null, valueNoise: -1 }],
  ])('refuses %s in a sentence', (_, sample) => {
    const outcome = ValueFunction.observe(sample)(right(ValueFunction.make(space)))
    if (E.isRight(outcome)) expect.fail('was accepted')
    expect(outcome.left._tag).toBe('InvalidConfig')
    expect(outcome.left.message).toMatch(/^A sample .*\.$/)
  })

  it('predicts, and refits, before anything was observed', () => {
    const phi = right(ValueFunction.make(space))
    expect(ValueFunction.predict([0, 1])(phi)).toMatchObject({ mean: 0, variance: 1, boundedBy: null })
    expect(ValueFunction.refit(phi)).toStrictEqual(E.right(phi))
    expect(ValueFunction.lowestBound([0, 1])(phi)).toStrictEqual(O.none)
  })
})
