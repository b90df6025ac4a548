/**
 * Compares a family's derivatives with finite differences of its values, and reports the coordinates that disagree.
 *
 * It checks ∂/∂λ, ∂/∂w and ∂/∂z (logits) of the penalty, of the examples' costs and of the term, each separately. The data
 * loss is left out, because its float32 rounding would hide errors. ∂/∂w of the costs is not part of a family: the network
 * computes it.
 */
import { messageOf } from '../base/messageOf.js'
import * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { displacement } from '../../core/protocol/SearchSpace.js'
import type { Backend } from '../backend/Backend.js'
import { size, type ImageSet } from '../data/set/ImageSet.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { writeLosses } from './crossEntropy.js'
import { differences, roundingOf, type Stated } from './differences.js'
import type { ExampleLosses, Examples, Family, FamilyTerms } from './families/Family.js'
import type { Network } from './Network.js'

/** The point at which a family is checked. */
export interface CheckPoint {
  readonly lambda: ReadonlyArray<number>
  /** Flat weights, for example initial or trained ones. */
  readonly weights: Float32Array
  /** A few examples. f is a mean over them. */
  readonly set: ImageSet
}

/** The settings of a check. */
export interface CheckOptions {
  /**
   * The largest difference that counts as agreement. It is relative to the largest of: the stated value, the measured value,
   * and a tenth of the largest component. It is ten times as large for float32 values, such as those of tensors. Default 1e-3.
   */
  readonly tolerance?: number
  /** The most coordinates of each gradient that are checked. Default 64. */
  readonly coordinates?: number
}

/** A derivative that disagrees with the values. With `by: 'coefficients'`: values that are declared linear but are not. */
export interface Disagreement {
  readonly of: 'penalty' | 'costs' | 'term' | 'family'
  readonly by: 'lambda' | 'weights' | 'logits' | 'coefficients'
  /** `l2[dense1]`, `dense1 kernel[12, 3]`, `logit 2 of example 5`. */
  readonly coordinate: string
  readonly stated: number
  readonly measured: number
  /** A sentence for a person. */
  readonly message: string
}

/** A gradient to check, and the names of its coordinates. */
interface Subject extends Pick<Disagreement, 'of' | 'by'> {
  readonly nameOf: (component: number) => string
  readonly stated: Stated
}

/** The point of the check, with everything computed there. */
interface Evaluated {
  readonly family: Family
  readonly network: Network
  readonly lambda: ReadonlyArray<number>
  readonly weights: Float32Array
  readonly examples: Examples
  readonly losses: ExampleLosses
}

/** The name of weight i, such as `dense1 kernel[12, 3]`. */
const weightName = ({ parameters }: Network, i: number): string => {
  const { layer, role, shape, offset } = parameters.findLast(parameter => parameter.offset <= i)!
  let left = i - offset
  const indices = shape.toReversed().map(side => {
    const index = left % side
    left = Math.floor(left / side)
    return index
  })
  return `${layer} ${role}[${indices.toReversed().join(', ')}]`
}

const moved = (values: Float32Array, i: number, x: number): Float32Array => {
  const copy = values.slice()
  copy[i] = x
  return copy
}

const identity = (x: number): number => x

/** The mean cost of the examples. */
const meanCost = ({ costs }: FamilyTerms, { own, even, labels }: ExampleLosses): number => {
  if (costs === null) return 0
  const { examples, classes, smoothing } = costs.target
  let sum = 0
  for (let i = 0; i < own.length; i++)
    sum +=
      (examples?.[i] ?? 1) * (classes?.[labels[i]!] ?? 1) * ((1 - smoothing) * own[i]! + smoothing * even[i]!)
  return sum / own.length
}

const subjectsOf = (evaluated: Evaluated): ReadonlyArray<Subject> => {
  const { family, network, lambda, weights, examples, losses } = evaluated
  const count = examples.labels.length
  const terms = family.at(lambda, count)
  const { penalty, costs, term } = terms
  const nameOf = {
    lambda: (k: number) => family.space[k]!.name,
    weights: (i: number) => weightName(network, i),
    logits: (i: number) => `logit ${i % network.classes} of example ${Math.floor(i / network.classes)}`,
  }
  const byLambda = (
    of: Subject['of'],
    gradient: ReadonlyArray<number>,
    value: (terms: FamilyTerms) => number,
  ): Subject => ({
    of,
    by: 'lambda',
    nameOf: nameOf.lambda,
    stated: {
      point: lambda,
      gradient,
      at: (k, x) => value(family.at(lambda.with(k, x), count)),
      taken: identity,
    },
  })
  const bySingle = (
    of: Subject['of'],
    by: 'weights' | 'logits',
    point: Float32Array,
    gradient: ArrayLike<number> | null,
    value: (point: Float32Array) => number,
  ): Subject => ({
    of,
    by,
    nameOf: nameOf[by],
    stated: {
      point,
      gradient: gradient ?? new Float64Array(point.length),
      at: (i, x) => value(moved(point, i, x)),
      taken: Math.fround,
    },
  })
  const found: Array<Subject> = []
  if (penalty !== null) {
    const slopes = new Float64Array(weights.length)
    for (const [k, { offset, size }] of network.parameters.entries()) {
      const decay = penalty.decay[k]!
      for (let i = 0; i < size; i++)
        slopes[offset + i] = (typeof decay === 'number' ? decay : decay[i]!) * weights[offset + i]!
      penalty.curved?.(k, weights, slopes, offset, 1)
    }
    found.push(
      byLambda('penalty', penalty.lambdaGradient(weights), at => at.penalty?.value(weights) ?? 0),
      bySingle('penalty', 'weights', weights, slopes, penalty.value),
    )
  }
  if (costs !== null)
    found.push(byLambda('costs', costs.lambdaGradient(losses, costs.target), at => meanCost(at, losses)))
  if (term !== undefined) {
    const here = term(weights, examples)
    const withLogits = (logits: Float32Array): Examples => ({ ...examples, logits })
    found.push(
      byLambda('term', here.byLambda, at => at.term?.(weights, examples).value ?? 0),
      bySingle('term', 'weights', weights, here.byWeights, w => term(w, examples).value),
      bySingle('term', 'logits', examples.logits, here.byLogits, z => term(weights, withLogits(z)).value),
    )
  }
  return found
}

/** The step in λ for the check of linearity in the coefficients. */
const linearityStep = 0.7

/** Checks that the values of a family that is declared linear lie on a straight line. */
const nonlinearities = (
  { family, lambda, weights, examples, losses }: Evaluated,
  tolerance: number,
  most: number,
): ReadonlyArray<Disagreement> => {
  if (!family.linear) return []
  const valueAt = (at: ReadonlyArray<number>): number => {
    const terms = family.at(at, examples.labels.length)
    return (
      (terms.penalty?.value(weights) ?? 0) +
      meanCost(terms, losses) +
      (terms.term?.(weights, examples).value ?? 0)
    )
  }
  return family.space.slice(0, most).flatMap(({ name, scale }, k): ReadonlyArray<Disagreement> => {
    const [here, there, further] = [0, linearityStep, 2 * linearityStep].map(step =>
      valueAt(lambda.with(k, lambda[k]! + step)),
    )
    const slope = (there! - here!) / displacement(scale, lambda[k]!, lambda[k]! + linearityStep)
    const stated = here! + slope * displacement(scale, lambda[k]!, lambda[k]! + 2 * linearityStep)
    const noise = 8 * roundingOf(here!, there!, further!)
    return Math.abs(stated - further!) <= tolerance * Math.abs(further! - here!) + noise
      ? []
      : [
          {
            of: 'family',
            by: 'coefficients',
            coordinate: name,
            stated,
            measured: further!,
            message:
              `The family is declared linear in its coefficients, but along ${name} a straight line through two values ` +
              `gives ${stated}, and the third value is ${further!}. Set \`linear: false\`, or use another scale.`,
          },
        ]
  })
}

/** Computes the network's logits and losses at a point. */
const evaluatedAt = (network: Network, family: Family, { lambda, weights, set }: CheckPoint): Evaluated => {
  const [count, { labels, images }] = [size(set), set]
  const tensors = network.parameters.map(({ shape, offset, size }) =>
    tf.tensor(weights.slice(offset, offset + size), [...shape]),
  )
  const { logits } = network.pass(tensors, tf.tensor(images, [count, ...network.entryShape]))
  const losses = { own: new Float64Array(count), even: new Float64Array(count), labels }
  const examples = { images, labels, logits: logits.dataSync<'float32'>().slice() }
  writeLosses(examples.logits, labels, network.classes, losses, 0)
  return { family, network, lambda, weights, examples, losses }
}

/**
 * Checks a family's derivatives against its values at a point. The list is empty if all checked coordinates agree.
 *
 * Errors: `BadInput` if the point does not fit, or the family cannot be computed there.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { checkFamily, type CheckFamilyOptions, type CheckPoint, chooseBackend, classWeights, type Disagreement, initialWeights, linear } from 'bilevel-hpo/shell'
 *
 * const network = linear([1, 2, 1], 2)
 * const set = { images: Float32Array.of(0.1, 0.9, 0.8, 0.2), labels: Uint8Array.of(0, 1), shape: [1, 2, 1], classes: 2 } as const
 * const point: CheckPoint = { lambda: [0.5, -0.5], weights: initialWeights(network)(0), set }
 * const options: CheckFamilyOptions = { tolerance: 1e-2 }
 * const backend = await chooseBackend('cpu')()
 * const found: E.Either<unknown, ReadonlyArray<Disagreement>> = E.isRight(backend)
 *   ? checkFamily(backend.right, network)(classWeights(2, { lower: -2, upper: 2 }), point, options) : backend
 * found // => E.right([])
 * ```
 */
export const checkFamily =
  (backend: Backend, network: Network) =>
  (
    family: Family,
    point: CheckPoint,
    { tolerance = 1e-3, coordinates = 64 }: CheckOptions = {},
  ): E.Either<ShellError, ReadonlyArray<Disagreement>> => {
    if (point.lambda.length !== family.space.length || point.weights.length !== network.size)
      return E.left(
        badInput(
          `The point has ${point.lambda.length} components of λ and ${point.weights.length} weights, but the family has ` +
            `${family.space.length} and the network ${network.size}. Give a point of these sizes.`,
        ),
      )
    return pipe(
      E.tryCatch(
        () =>
          backend.tidy(() => {
            const evaluated = evaluatedAt(network, family, point)
            return [
              ...subjectsOf(evaluated).flatMap(({ of, by, nameOf, stated }) =>
                differences(stated, tolerance, coordinates).map((found): Disagreement => {
                  const coordinate = nameOf(found.component)
                  const opposite =
                    Math.abs(found.stated + found.measured) <= tolerance * Math.abs(found.measured)
                  return {
                    of,
                    by,
                    coordinate,
                    stated: found.stated,
                    measured: found.measured,
                    message:
                      `The derivative of the ${of} by ${coordinate} is stated as ${found.stated}, but its values around the ` +
                      `point say ${found.measured}${opposite ? '; its sign looks wrong.' : '.'}`,
                  }
                }),
              ),
              ...nonlinearities(evaluated, tolerance, coordinates),
            ]
          }),
        cause => badInput(`The family cannot be computed at the point: ${messageOf(cause)}`),
      ),
    )
  }
