/**
 * Squared exponential against Matérn 5/2 as a model of φ: ridge problems with random a and both scales of θ, 12 and
 * 24 exact solves at Sobol' points, fitted; how wrong predictions are, and how wrong in their own standard deviations.
 *
 *     npx tsx test/bench/gpKernels.ts
 *
 * Writes docs/results/gp-kernels.json: over 20 problems of 200 random points each.
 */
import * as Design from '../../src/core/numeric/Design.js'
import * as Rng from '../../src/core/numeric/Rng.js'
import { fromUnit, type SearchSpace } from '../../src/core/protocol/SearchSpace.js'
import * as ValueFunction from '../../src/core/surrogate/ValueFunction.js'
import { median, quantile, right, write } from './gpTiming.js'

const space: SearchSpace = [
  { name: 'first', lower: -6, upper: 3, scale: 'log' },
  { name: 'second', lower: 0, upper: 4, scale: 'linear' },
]

type Vec = ReadonlyArray<number>
const thetaOf = ([first, second]: Vec): Vec => [Math.exp(first!), second!]
/** φ = Σ a_k² θ_k/(1+θ_k). */
const phiOf = (a: Vec, lambda: Vec): number =>
  thetaOf(lambda).reduce((sum, t, k) => sum + (a[k]! ** 2 * t) / (1 + t), 0)
const gradientOf = (a: Vec, lambda: Vec): Vec => {
  const theta = thetaOf(lambda)
  return theta.map((t, k) => (a[k]! / (1 + t)) ** 2 * (k === 0 ? t : 1))
}

const table = (['rbf', 'matern52'] as const).flatMap(kernel =>
  [12, 24].map(solves => {
    const all = Array.from({ length: 20 }, (_, seed) => {
      const [draws] = Rng.uniforms(2 + 400)(Rng.make(seed, 5))
      const a = draws.slice(0, 2).map(u => 0.2 + 2.8 * u)
      const [design] = right(Design.sobol(solves, 2)(Rng.make(seed, 6)))
      const observed = design.map(fromUnit(space)).reduce(
        (phi, lambda) =>
          right(
            ValueFunction.observe({
              lambda,
              value: phiOf(a, lambda),
              gradient: gradientOf(a, lambda),
              valueNoise: 0,
              gradientNoise: 0,
            })(phi),
          ),
        right(ValueFunction.make(space, { kernel })),
      )
      const phi = right(ValueFunction.refit(observed))
      return Array.from({ length: 200 }, (_, i) => {
        const lambda = fromUnit(space)(draws.slice(2 + 2 * i, 4 + 2 * i))
        const { mean, variance } = ValueFunction.predict(lambda)(phi)
        const error = Math.abs(mean - phiOf(a, lambda))
        return { error: error / phi.standardization.scale, deviations: error / Math.sqrt(variance) }
      })
    }).flat()
    const of = (key: 'error' | 'deviations'): Vec => all.map(one => one[key])
    const row = {
      kernel,
      solves,
      medianError: median(of('error')),
      worstError: Math.max(...of('error')),
      within2Deviations: of('deviations').filter(x => x <= 2).length / all.length,
      p99Deviations: quantile(of('deviations'), 0.99),
      worstDeviations: Math.max(...of('deviations')),
    }
    console.log(row)
    return row
  }),
)
write('gp-kernels', { unit: 'errors as a share of the scale of φ; deviations posterior ones', table })
