/**
 * A bilevel problem given as functions, in plain arrays:
 *
 *     min over x, y of F(x, y)   subject to   y minimises f(x, ·),   lower ≤ x ≤ upper
 *
 * | symbol | name         | shape |
 * | ------ | ------------ | ----- |
 * | x      |              | d     |
 * | y      |              | m     |
 * | F      | `upperLevel` |       |
 * | f      | `lowerLevel` |       |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { decode } from '../codec/Codec.js'
import { invalidConfig, type MethodError } from '../protocol/MethodError.js'

type Vec = ReadonlyArray<number>

/** A function's value and its gradients by x and by y. */
export interface Evaluated {
  readonly value: number
  readonly gradX: Vec
  readonly gradY: Vec
}

/** One level of a bilevel problem. */
export type Level = (x: Vec, y: Vec) => Evaluated

/** min F(x, y) subject to y minimising f(x, ·) and x within its bounds, as functions of plain arrays. */
export interface BilevelProblem {
  /** Bounds may be ±Infinity. */
  readonly x: { readonly start: Vec; readonly lower: Vec; readonly upper: Vec }
  readonly y: { readonly start: Vec }
  readonly upperLevel: Level
  readonly lowerLevel: Level
  /**
   * A minimizer of f(x, ·) near or from `from`, where there is a better way to it than L-BFGS on f. Its result is
   * checked by the gradient there, like any other.
   */
  readonly solveLowerLevel?: (x: Vec, from: Vec) => Vec
}

/** Anything that was thrown, as text; some of what can be thrown refuses even that. */
const inspected = (cause: unknown): string => {
  try {
    return String(cause)
  } catch {
    return 'something that cannot be shown'
  }
}

/**
 * What a level says, or why it cannot be used: it threw, returned something else than numbers of the right shape, or
 * numbers that are not finite.
 */
export const evaluate = (level: Level, x: Vec, y: Vec): E.Either<string, Evaluated> => {
  try {
    const { value, ...gradients } = level(x, y)
    // Copies, for the function may fill the same typed arrays again at its next call.
    const [gradX, gradY] = [Array.from(gradients.gradX), Array.from(gradients.gradY)]
    if (gradX.length !== x.length || gradY.length !== y.length)
      return E.left(
        `gradX and gradY have ${gradX.length} and ${gradY.length} components, but x and y have ${x.length} and ${y.length}`,
      )
    return Number.isFinite(value) && gradX.every(Number.isFinite) && gradY.every(Number.isFinite)
      ? E.right({ value, gradX, gradY })
      : E.left(`it returned a number that is not finite (value ${value})`)
  } catch (cause) {
    return E.left(`it threw: ${cause instanceof Error ? cause.message : inspected(cause)}`)
  }
}

const Numbers = t.array(t.number)
const Shape = t.type(
  {
    x: t.type({ start: Numbers, lower: Numbers, upper: Numbers }),
    y: t.type({ start: Numbers }),
    upperLevel: t.Function,
    lowerLevel: t.Function,
  },
  'a problem with x, y, upperLevel and lowerLevel',
)

/** The problem, where its shapes fit together and its start can be evaluated. Errors: `InvalidConfig`. */
export const validate = (problem: BilevelProblem): E.Either<MethodError, BilevelProblem> => {
  const shape = decode(Shape)(problem)
  if (E.isLeft(shape)) return E.left(invalidConfig('problem', shape.left))
  const { start, lower, upper } = problem.x
  if (start.length === 0 || lower.length !== start.length || upper.length !== start.length)
    return E.left(
      invalidConfig(
        'x',
        `\`x.start\`, \`x.lower\` and \`x.upper\` have ${start.length}, ${lower.length} and ${upper.length} components; ` +
          'give each the same number, at least one.',
      ),
    )
  const crossed = start.findIndex((_, k) => !(lower[k]! <= upper[k]!))
  if (crossed >= 0)
    return E.left(
      invalidConfig(
        `x.lower[${crossed}]`,
        `The lower bound ${lower[crossed]!} of x[${crossed}] is not at most its upper bound ${upper[crossed]!}.`,
      ),
    )
  if (!start.every(Number.isFinite) || !problem.y.start.every(Number.isFinite))
    return E.left(invalidConfig('start', 'The starts of x and y must be finite numbers.'))
  if (problem.y.start.length === 0)
    return E.left(invalidConfig('y.start', '`y.start` is empty. Give the lower level at least one variable.'))
  const clamped = start.map((value, k) => Math.min(upper[k]!, Math.max(lower[k]!, value)))
  for (const name of ['upperLevel', 'lowerLevel'] as const) {
    const result = evaluate(problem[name], clamped, problem.y.start)
    if (E.isLeft(result))
      return E.left(invalidConfig(name, `\`${name}\` cannot be used at the start: ${result.left}.`))
  }
  return E.right({ ...problem, x: { start: clamped, lower, upper } })
}
