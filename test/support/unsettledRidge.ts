/** Runs of the bilevel method on blurred ridge problems, with default options except that it never settles. */
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import type { BilevelConfig } from '../../src/core/bilevel/BilevelConfig.js'
import * as Rng from '../../src/core/numeric/Rng.js'
import { decode } from '../../src/core/codec/Codec.js'
import { blurred } from './blurred.js'
import { right } from './recordedRun.js'
import { ridgeSpace, ridgeWorld, type RidgeWorld } from './ridge.js'

/** A ridge problem in d dimensions drawn by `rng`, with answers blurred by `seed`. */
export const unsettledRidge = (
  d: number,
  rng: Rng.Rng,
  seed: number,
  outerIterations: number,
): { readonly config: BilevelConfig; readonly world: Pick<RidgeWorld, 'answer' | 'release'> } => {
  const [draws] = Rng.uniforms(2 * d)(rng)
  const a = draws.slice(0, d).map(u => 1.5 + 2 * u)
  const b = a.map((ak, k) => ak * (0.3 + 0.5 * draws[d + k]!))
  const world = ridgeWorld({ a, b })
  const blur = blurred(seed)
  return {
    config: right(
      decode(bilevel.config)({
        space: ridgeSpace({ a, b }),
        budget: { lowerLevelSolves: outerIterations, outerIterations },
        stop: { step: 0 },
      }),
    ),
    world: { answer: question => blur(world.answer(question)), release: world.release },
  }
}
