/**
 * The initial design: the λ at which φ is sampled before the search, which starts at the best of them.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Design from '../../numeric/Design.js'
import * as Rng from '../../numeric/Rng.js'
import type { MethodError } from '../../protocol/MethodError.js'
import * as SearchSpace from '../../protocol/SearchSpace.js'
import type { BilevelConfig } from '../BilevelConfig.js'

/**
 * A set of λ, n × d in the units of the search space, at each of which the lower level is solved once before the search.
 *
 * Errors: `InvalidConfig` for a design that cannot be made, say for its size; the method then does not start.
 */
export interface InitialDesign {
  /** At least one λ; every one in the search space. The same for the same configuration. */
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

/** `design.size` points of the kind `design.kind`, in the box of `design.lower` and `.upper`. The paper has a grid. */
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
