/**
 * A sample of the value function φ(λ), from one lower-level solve.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { decode, Finite, NonNegative, nullable, Vector } from '../codec/Codec.js'
import { invalidConfig, type MethodError } from '../protocol/MethodError.js'
import { dimension, type SearchSpace } from '../protocol/SearchSpace.js'

export const Sample = t.readonly(
  t.strict({
    lambda: Vector,
    /** f(λ, w) at the weights found: φ(λ), or slightly above. */
    value: Finite,
    /** ∂f/∂λ at those weights, which is ∇φ(λ) at a minimizer (envelope theorem); `null` if unknown. */
    gradient: nullable(Vector),
    /** Variance of the error of `value`, in squared units of f; `null` if unknown: then the fit estimates it. */
    valueNoise: nullable(NonNegative),
    /** Variance of the error of each component of `gradient`; `null` if unknown: then the fit estimates it. */
    gradientNoise: nullable(NonNegative),
  }),
  'Sample',
)
export type Sample = t.TypeOf<typeof Sample>

/** A sample to observe; an absent noise variance is unknown. */
export type NewSample = Pick<Sample, 'lambda' | 'value' | 'gradient'> &
  Partial<Pick<Sample, 'valueNoise' | 'gradientNoise'>>

/** −0 becomes 0, since JSON cannot write −0. */
const plain = (x: number): number => x + 0

/** The sample, if every number is finite and every vector has one component for each hyperparameter. */
export const checked =
  (space: SearchSpace) =>
  ({ valueNoise = null, gradientNoise = null, ...known }: NewSample): E.Either<MethodError, Sample> => {
    const d = dimension(space)
    const refuse = (field: string, message: string): E.Either<MethodError, never> =>
      E.left(invalidConfig(field, message))
    return pipe(
      decode(Sample)({ ...known, valueNoise, gradientNoise }),
      E.fold(
        reason => refuse('sample', `A sample of the value function cannot be used: ${reason}.`),
        ({ lambda, value, gradient }) => {
          for (const [field, vector] of [
            ['lambda', lambda],
            ['gradient', gradient],
          ] as const)
            if (vector !== null && vector.length !== d)
              return refuse(
                field,
                `A sample of the value function has ${vector.length} components in \`${field}\`, but the search ` +
                  `space has ${d} hyperparameters. Give one component for each.`,
              )
          return E.right({
            lambda: lambda.map(plain),
            value: plain(value),
            gradient: gradient === null ? null : gradient.map(plain),
            valueNoise: valueNoise === null ? null : plain(valueNoise),
            gradientNoise: gradientNoise === null ? null : plain(gradientNoise),
          })
        },
      ),
    )
  }
