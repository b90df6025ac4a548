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
import { sentence } from '../codec/sentence.js'
import { shown } from '../codec/shown.js'
import { thrown } from '../codec/thrown.js'
import { notKnown } from '../codec/unknownField.js'
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

/** Variables: where the search starts, and their bounds, one for each component. */
export interface Variables {
  readonly start: Vec
  readonly lower: Vec
  readonly upper: Vec
}

/** Numbers as a person may have them: a plain or a typed array. */
export type Numbers = ReadonlyArray<number> | Float64Array | Float32Array | Int32Array

/** Variables as a person states them: bounds that are left out are −Infinity and Infinity. */
export interface Bounded {
  readonly start: Numbers
  readonly lower?: Numbers
  readonly upper?: Numbers
}

/** min F(x, y) subject to y minimising f(x, ·), x and y within their bounds, as functions of plain arrays. */
export interface BilevelProblem extends Omit<CompleteProblem, 'x' | 'y'> {
  readonly x: Bounded
  readonly y: Bounded
}

/** A problem with all its bounds. */
export interface CompleteProblem {
  /** Bounds may be ±Infinity. */
  readonly x: Variables
  /** Bounds may be ±Infinity, and may touch. */
  readonly y: Variables
  readonly upperLevel: Level
  readonly lowerLevel: Level
  /**
   * A minimizer of f(x, ·) near or from `from`, where there is a better way to it than L-BFGS on f. Its result is
   * checked by the gradient there, like any other.
   */
  readonly solveLowerLevel?: (x: Vec, from: Vec) => Vec
}

/** Arrays of numbers, plain or typed. */
const isNumbers = (u: unknown): u is Numbers =>
  (Array.isArray(u) && u.every(v => typeof v === 'number')) ||
  u instanceof Float64Array ||
  u instanceof Float32Array ||
  u instanceof Int32Array

const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> => typeof u === 'object' && u !== null

/** A copy, for a function may fill the same typed arrays again at its next call; `null` if it is no array. */
const copied = (u: unknown): ReadonlyArray<unknown> | null => {
  if (Array.isArray(u)) return [...(u as ReadonlyArray<unknown>)]
  return ArrayBuffer.isView(u) && !(u instanceof DataView) ? Array.from(u as Float64Array) : null
}

const areFinite = (list: ReadonlyArray<unknown>): list is Vec => list.every(Number.isFinite)

/** The first number that is not finite, with its name; `null` if there is none. */
const notFinite = (
  value: number,
  gradX: ReadonlyArray<unknown>,
  gradY: ReadonlyArray<unknown>,
): string | null => {
  if (!Number.isFinite(value)) return `value = ${value}`
  const named = Object.entries({ gradX, gradY }).flatMap(([name, list]) =>
    list.map((given, k) => ({ name: `${name}[${k}]`, given })),
  )
  const wrong = named.find(({ given }) => !Number.isFinite(given))
  return wrong === undefined ? null : `${wrong.name} = ${shown(wrong.given, 60)}`
}

/**
 * What a level says, or why it cannot be used: it threw, returned something else than numbers of the right shape, or
 * numbers that are not finite.
 */
export const evaluate = (level: Level, x: Vec, y: Vec): E.Either<string, Evaluated> => {
  try {
    const given: unknown = level(x, y)
    if (!isRecord(given))
      return E.left(`it returned ${shown(given, 60)} instead of \`{ value, gradX, gradY }\``)
    const { value } = given
    if (typeof value !== 'number')
      return E.left(`it returned value = ${shown(value, 60)}; it must be a number`)
    const [gradX, gradY] = [copied(given['gradX']), copied(given['gradY'])]
    if (gradX === null || gradY === null) {
      const name = gradX === null ? 'gradX' : 'gradY'
      return E.left(`it returned ${name} = ${shown(given[name], 60)}; it must be an array of numbers`)
    }
    if (gradX.length !== x.length || gradY.length !== y.length)
      return E.left(
        `gradX and gradY have ${gradX.length} and ${gradY.length} components, but x and y have ${x.length} and ${y.length}`,
      )
    return Number.isFinite(value) && areFinite(gradX) && areFinite(gradY)
      ? E.right({ value, gradX, gradY })
      : E.left(`it returned ${notFinite(value, gradX, gradY) ?? 'a number'}, but every number must be finite`)
  } catch (cause) {
    return E.left(`it threw: ${thrown(cause)}`)
  }
}

const NumberList = new t.Type<Numbers, Numbers>(
  'an array of numbers',
  isNumbers,
  (u, context) => (isNumbers(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)
const variableFields = { start: NumberList, lower: NumberList, upper: NumberList }
const Variable = t.intersection([
  t.type({ start: variableFields.start }),
  t.partial({ lower: variableFields.lower, upper: variableFields.upper }),
])

const functionOf = (name: string): t.Type<unknown> =>
  new t.Type<unknown>(
    name,
    (u): u is unknown => typeof u === 'function',
    (u, context) => (typeof u === 'function' ? t.success(u) : t.failure(u, context)),
    t.identity,
  )
const levels = {
  upperLevel: functionOf('a function of x and y'),
  lowerLevel: functionOf('a function of x and y'),
}
const solver = { solveLowerLevel: functionOf('a function of x and of a start of y') }

const Shape = t.intersection(
  [t.type({ x: Variable, y: Variable, ...levels }), t.partial(solver)],
  'a problem with x, y, upperLevel and lowerLevel',
)

const knownFields: ReadonlyArray<readonly [where: 'x' | 'y' | null, known: ReadonlyArray<string>]> = [
  [null, ['x', 'y', ...Object.keys(levels), ...Object.keys(solver)]],
  ['x', Object.keys(variableFields)],
  ['y', Object.keys(variableFields)],
]

/** The first field that no problem has; an object with a class of its own may have others for its methods. */
const surplusOf = (problem: BilevelProblem): string | null => {
  for (const [where, known] of knownFields) {
    const given: object = where === null ? problem : problem[where]
    const prototype: unknown = Object.getPrototypeOf(given)
    if (prototype !== Object.prototype && prototype !== null) continue
    const unknown = Object.keys(given).find(name => !known.includes(name))
    if (unknown !== undefined)
      return `\`${where === null ? '' : `${where}.`}${unknown}\` ${notKnown(unknown, known)}`
  }
  return null
}

/** @internal Whether a value is a vector that can be given. */
export const isVector = isNumbers

/** The problem with all its bounds, unchecked. */
export const complete = (problem: BilevelProblem): CompleteProblem => {
  const filled = ({ start, lower, upper }: Bounded): Variables => ({
    start: Array.from(start),
    lower: lower === undefined ? Array.from(start, () => -Infinity) : Array.from(lower),
    upper: upper === undefined ? Array.from(start, () => Infinity) : Array.from(upper),
  })
  return {
    x: filled(problem.x),
    y: filled(problem.y),
    // Called on the problem: it may be an object of a class, and its functions may be methods.
    upperLevel: (x, y) => problem.upperLevel(x, y),
    lowerLevel: (x, y) => problem.lowerLevel(x, y),
    ...(problem.solveLowerLevel === undefined
      ? {}
      : { solveLowerLevel: (x, from) => problem.solveLowerLevel!(x, from) }),
  }
}

/** The variables with their start moved into their bounds. Errors: `InvalidConfig` with the field. */
const checked =
  (name: 'x' | 'y') =>
  ({ start, lower, upper }: Variables): E.Either<MethodError, Variables> => {
    if (start.length === 0)
      return E.left(
        invalidConfig(`${name}.start`, `\`${name}.start\` is empty; give ${name} at least one component.`),
      )
    if (lower.length !== start.length || upper.length !== start.length)
      return E.left(
        invalidConfig(
          name,
          `\`${name}.start\`, \`${name}.lower\` and \`${name}.upper\` have ${start.length}, ${lower.length} and ` +
            `${upper.length} components; give each the same number.`,
        ),
      )
    const crossed = start.findIndex((_, k) => !(lower[k]! <= upper[k]!))
    if (crossed >= 0)
      return E.left(
        invalidConfig(
          `${name}.lower[${crossed}]`,
          `The lower bound ${lower[crossed]!} of ${name}[${crossed}] is not at most its upper bound ${upper[crossed]!}.`,
        ),
      )
    if (!start.every(Number.isFinite))
      return E.left(invalidConfig('start', 'The starts of x and y must be finite numbers.'))
    return E.right({ start: start.map((v, k) => Math.min(upper[k]!, Math.max(lower[k]!, v))), lower, upper })
  }

/**
 * The problem with all its bounds, where its shapes fit together and its start can be evaluated.
 *
 * Errors: `InvalidConfig` with the field.
 */
export const validate = (problem: BilevelProblem): E.Either<MethodError, CompleteProblem> => {
  const shape = decode(Shape)(problem)
  if (E.isLeft(shape)) return E.left(invalidConfig('problem', sentence(shape.left)))
  const read = E.tryCatch(
    () => ({ surplus: surplusOf(problem), whole: complete(problem) }),
    cause => invalidConfig('problem', sentence(`the problem cannot be read: ${thrown(cause)}`)),
  )
  if (E.isLeft(read)) return read
  const { surplus, whole } = read.right
  if (surplus !== null) return E.left(invalidConfig('problem', sentence(surplus)))
  const x = checked('x')(whole.x)
  if (E.isLeft(x)) return x
  const y = checked('y')(whole.y)
  if (E.isLeft(y)) return y
  for (const name of ['upperLevel', 'lowerLevel'] as const) {
    const result = evaluate(whole[name], x.right.start, y.right.start)
    if (E.isLeft(result))
      return E.left(invalidConfig(name, sentence(`\`${name}\` cannot be used at the start: ${result.left}`)))
  }
  return E.right({ ...whole, x: x.right, y: y.right })
}
