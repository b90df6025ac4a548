/**
 * What observed gradients are worth: the error of a Gaussian process after n solves, from values alone and from
 * values with gradients, on sums of three random waves f(x) = Σ_j sin(2π q_j·x + b_j), ‖q_j‖ = 0.7, over the unit
 * cube in 1, 2 and 5 dimensions. Both processes see the same Sobol' points and fit their hyperparameters anew.
 *
 *     npx tsx test/bench/gpGradients.ts
 *
 * Writes docs/results/gp-gradients.json: the root mean square error over 500 random points as a share of the standard
 * deviation of f there, median and quartiles over 9 random functions. docs/figures/gp-gradients.vl.json plots it:
 *
 *     npx vl2svg docs/figures/gp-gradients.vl.json docs/figures/gp-gradients.svg
 */
import * as Design from '../../src/core/numeric/Design.js'
import * as Rng from '../../src/core/numeric/Rng.js'
import type { SearchSpace } from '../../src/core/protocol/SearchSpace.js'
import * as ValueFunction from '../../src/core/surrogate/ValueFunction.js'
import { quantile, right, write } from './gpTiming.js'

const counts: Readonly<Record<number, ReadonlyArray<number>>> = {
  1: [2, 3, 4, 5, 6, 8, 10],
  2: [2, 4, 6, 8, 12, 16, 24, 32],
  5: [4, 8, 16, 32, 48],
}
const instances = 9
const probes = 500
const steepness = 0.7

type Vec = ReadonlyArray<number>
interface Wave {
  readonly frequency: Vec
  readonly phase: number
}

const waves = (d: number, seed: number): ReadonlyArray<Wave> =>
  [0, 1, 2].map(j => {
    const [direction] = Rng.normals(d)(Rng.make(seed, d, j))
    const [[phase]] = Rng.uniforms(1)(Rng.make(seed, d, j, 1))
    const length = Math.hypot(...direction)
    return {
      frequency: direction.map(q => (2 * Math.PI * steepness * q) / length),
      phase: 2 * Math.PI * phase!,
    }
  })
const angle = ({ frequency, phase }: Wave, x: Vec): number =>
  frequency.reduce((sum, q, k) => sum + q * x[k]!, phase)
const valueOf = (f: ReadonlyArray<Wave>, x: Vec): number =>
  f.reduce((sum, wave) => sum + Math.sin(angle(wave, x)), 0)
const gradientOf = (f: ReadonlyArray<Wave>, x: Vec): Vec =>
  x.map((_, k) => f.reduce((sum, wave) => sum + wave.frequency[k]! * Math.cos(angle(wave, x)), 0))

const error = (d: number, n: number, seed: number, gradients: boolean): number => {
  const f = waves(d, seed)
  const space: SearchSpace = Array.from({ length: d }, (_, k) => ({
    name: `x${k}`,
    lower: 0,
    upper: 1,
    scale: 'linear' as const,
  }))
  const [points] = right(Design.sobol(n, d)(Rng.make(seed, d, 7)))
  const observed = points.reduce(
    (phi, x) =>
      right(
        ValueFunction.observe({
          lambda: x,
          value: valueOf(f, x),
          gradient: gradients ? gradientOf(f, x) : null,
          valueNoise: 0,
          gradientNoise: 0,
        })(phi),
      ),
    right(ValueFunction.make(space)),
  )
  const phi = right(ValueFunction.refit(observed))
  const [draws] = Rng.uniforms(probes * d)(Rng.make(seed, d, 9))
  const at = Array.from({ length: probes }, (_, i) => draws.slice(i * d, (i + 1) * d))
  const truth = at.map(x => valueOf(f, x))
  const mean = truth.reduce((sum, y) => sum + y, 0) / probes
  const square = (values: Vec): number => values.reduce((sum, v) => sum + v * v, 0)
  return Math.sqrt(
    square(at.map((x, i) => ValueFunction.predict(x)(phi).mean - truth[i]!)) /
      square(truth.map(y => y - mean)),
  )
}

const table = Object.entries(counts).flatMap(([dimension, solves]) =>
  solves.flatMap(n =>
    [false, true].map(gradients => {
      const errors = Array.from({ length: instances }, (_, seed) => error(+dimension, n, seed, gradients))
      const row = {
        dimension: +dimension,
        solves: n,
        observed: gradients ? 'values and gradients' : 'values',
        error: quantile(errors, 0.5),
        lower: quantile(errors, 0.25),
        upper: quantile(errors, 0.75),
      }
      console.log(row.dimension, n, row.observed, row.error.toPrecision(3))
      return row
    }),
  ),
)
write('gp-gradients', { instances, probes, kernel: ValueFunction.defaults.kernel, table })
