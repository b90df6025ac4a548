/**
 * What a Gaussian process in many dimensions is once it has been conditioned, as Gp is what one in few is. StructuredGp makes it; its
 * posterior and its evidence are read from it.
 */
import type * as Cholesky from '../../numeric/Cholesky.js'
import type { Gp, GpObservation, Hyperparameters } from '../gp/Gp.js'
import type { Reduction } from './Reduction.js'

/**
 * A process conditioned on observations, as what it was reduced to. It is not meant to be written down: `observations`
 * and `hyperparameters` are all that it comes from.
 */
export interface StructuredGp {
  /** With one length scale, ℓ. */
  readonly hyperparameters: Hyperparameters
  readonly observations: ReadonlyArray<GpObservation>
  readonly reduction: Reduction
  /** The process within the span. */
  readonly within: Gp
  /** The factor of B, for each block. */
  readonly beyond: ReadonlyArray<Cholesky.Cholesky>
  /** η, as in Gp. */
  readonly jitter: number
}
