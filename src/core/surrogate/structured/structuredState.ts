/**
 * A conditioned Gaussian process in many dimensions, the counterpart of Gp. StructuredGp makes it; posterior and
 * evidence read it.
 */
import type * as Cholesky from '../../numeric/Cholesky.js'
import type { Gp, GpObservation, Hyperparameters } from '../gp/Gp.js'
import type { Reduction } from './Reduction.js'

/**
 * A process conditioned on observations, in reduced form. It is not serialized: `observations` and `hyperparameters`
 * determine it.
 */
export interface StructuredGp {
  /** Has one length scale, ℓ. */
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
