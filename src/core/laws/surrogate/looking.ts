/** Helpers that the laws of a surrogate share: the points to predict at, and texts. */
import * as E from 'fp-ts/lib/Either.js'
import type { MethodError } from '../../protocol/MethodError.js'
import type { Law, Tested } from '../Law.js'
import type { Learnt, SurrogateEvidence } from './evidence.js'

type Vec = ReadonlyArray<number>

export type SurrogateLaw = Law<SurrogateEvidence>

export const rasmussen = 'Rasmussen & Williams 2006'

export const given = (
  learnt: E.Either<MethodError, Learnt>,
  check: (phi: Learnt) => E.Either<string, Tested>,
): E.Either<string, Tested> =>
  E.isLeft(learnt) ? E.left(`it refuses the samples: ${learnt.left.message}`) : check(learnt.right)

/** The points to predict at: the query, a sample, and the midpoint between them. */
export const places = ({ query, samples }: SurrogateEvidence): ReadonlyArray<Vec> => {
  const { lambda } = samples[0]!
  return [query, lambda, query.map((value, k) => (value + lambda[k]!) / 2)]
}

export const text = (lambda: Vec): string => `λ = [${lambda.join(', ')}]`
