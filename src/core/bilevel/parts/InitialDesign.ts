/**
 * The part `design`: the λ at which φ is sampled before the search. Used in sampling.
 *
 * In: the configuration. Out: n λ in the search space. The default has two points on the diagonal of the unit cube, at ½ and ¾ of
 * the box `design.lower` to `design.upper`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Design from '../../numeric/Design.js'
import * as Rng from '../../numeric/Rng.js'
import type { MethodError } from '../../protocol/MethodError.js'
import * as SearchSpace from '../../protocol/SearchSpace.js'
import type { BilevelConfig } from '../BilevelConfig.js'

/**
 * A set of λ, n × d in the units of the search space. Before the search the lower level is solved once at each.
 *
 * Errors: `InvalidConfig` for a design that cannot be made, for example for its size; then the method does not start.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Bilevel, Parts, SearchSpace } from 'bilevel-hpo'
 *
 * // One sample, in the middle of the search space.
 * const middle: Parts.InitialDesign = { points: ({ space }) => E.right([SearchSpace.fromUnit(space)(space.map(() => 0.5))]) }
 * Bilevel.make({ design: middle }).name // => 'bilevel with another design'
 * ```
 */
export interface InitialDesign {
  /** At least one λ, each in the search space. Equal configurations give equal points. */
  readonly points: (config: BilevelConfig) => E.Either<MethodError, ReadonlyArray<ReadonlyArray<number>>>
}

const unitDesign = ({ design, space, seed }: BilevelConfig): E.Either<MethodError, Design.Design> => {
  const d = SearchSpace.dimension(space)
  switch (design.kind) {
    case 'diagonal':
      return Design.diagonal(design.size, d)
    case 'halvedDiagonal':
      return Design.halvedDiagonal(design.size, d)
    case 'grid':
      return Design.grid(design.size, d)
    case 'sobol':
      return pipe(
        Design.sobol(design.size, d)(Rng.make(seed, 1)),
        E.map(([points]) => points),
      )
    case 'latinHypercube':
      return pipe(
        Design.latinHypercube(design.size, d)(Rng.make(seed, 1)),
        E.map(([points]) => points),
      )
  }
}

/**
 * `design.size` points of the kind `design.kind`, in the box from `design.lower` to `design.upper`. The paper uses a
 * grid.
 */
export const configured: InitialDesign = {
  points: config => {
    const box = config.space.map((parameter, k) => ({
      ...parameter,
      lower: config.design.lower?.[k] ?? parameter.lower,
      upper: config.design.upper?.[k] ?? parameter.upper,
    }))
    return pipe(
      unitDesign(config),
      E.map(points => points.map(SearchSpace.fromUnit(box)).map(SearchSpace.clamp(config.space))),
    )
  },
}
