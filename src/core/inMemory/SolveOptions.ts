/**
 * The options of `solveBilevel`, and their codec.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, explain, fieldOf, Positive, Seed } from '../codec/Codec.js'
import { options } from '../codec/options.js'
import { sentence } from '../codec/sentence.js'
import { isObject } from '../codec/structure.js'
import { thrown } from '../codec/thrown.js'
import { invalidConfig, type MethodError, numerical } from '../protocol/MethodError.js'

/**
 * Where a search is, after each answer of the lower or the upper level.
 *
 * @example
 * ```ts
 * import { type Level, solveBilevel, type SolveProgress } from 'bilevel-hpo'
 *
 * const level: Level = ([x = 0], [y = 0]) => ({ value: (y - x) ** 2, gradX: [2 * (x - y)], gradY: [2 * (y - x)] })
 * const seen: Array<SolveProgress> = []
 * const onProgress = (progress: SolveProgress): void => void seen.push(progress)
 * solveBilevel({ x: { start: [1] }, y: { start: [0] }, upperLevel: level, lowerLevel: level }, { onProgress })
 * seen[0]?.x // => [1]
 * ```
 */
export interface SolveProgress {
  /** The point of the latest answers; the start before there is one. */
  readonly x: ReadonlyArray<number>
  /** F and f − φ at the end of the latest descent on F + κ·f; `null` before the first. */
  readonly upperValue: number | null
  readonly violation: number | null
  readonly lowerLevelSolves: number
  /** Evaluations of F and of f so far. */
  readonly evaluations: number
  /** The budget: a search ends at so many solves, or before. */
  readonly maxLowerLevelSolves: number
}

/** How closely, how long and from where to search; every option has a default. */
export interface SolveOptions {
  /** The tolerance of f − φ ≤ ε, in the unit of f. Default: 1e-13·√m of what solving the lower level gains at the start, m being the components of y. */
  readonly epsilon?: number
  /** A step that is shorter in every component, as a share of the range of x, counts as none. Default: 1e-6. */
  readonly xTolerance?: number
  /** A change of F, as a share of F there, that counts as none: the search ends where the next step promises no more. Default: 1e-12. */
  readonly upperTolerance?: number
  /** Default: 50, and 5 for each component of x. */
  readonly maxLowerLevelSolves?: number
  /**
   * Starts of every lower-level solve: 1 (the default) follows one minimizer; more look for the global one, and among
   * equally good ones take what serves the upper level.
   */
  readonly starts?: number
  /** Seeds the random starts. Default 0. */
  readonly seed?: number
  /** Called after each answer with the progress so far. If it throws, `solveBilevel` returns a `Left`. */
  readonly onProgress?: (progress: SolveProgress) => void
}

const Share = t.refinement(Positive, value => value < 1, 'a number between 0 and 1')

const Options: t.Type<Omit<SolveOptions, 'onProgress'>, unknown> = options(
  t.exact(
    t.partial({
      epsilon: Positive,
      xTolerance: Share,
      upperTolerance: Share,
      maxLowerLevelSolves: Count,
      starts: Count,
      seed: Seed,
      // Known by name; checked apart, for a function is no plain data.
      onProgress: t.undefined,
    }),
  ),
  { name: 'an object such as `{ seed: 1 }`' },
)

const decoded = (given: unknown): E.Either<MethodError, SolveOptions> =>
  pipe(
    Options.decode(given),
    E.mapLeft(errors => invalidConfig(fieldOf(errors[0]?.context ?? []), sentence(explain(errors)))),
  )

type OnProgress = NonNullable<SolveOptions['onProgress']>

const isFunction = (value: unknown): value is OnProgress => typeof value === 'function'

/** The options, or what is wrong with them. Unknown ones are errors, and so is what throws when it is read. */
export const checkedOptions = (given: SolveOptions): E.Either<MethodError, SolveOptions> => {
  const whole: unknown = given
  try {
    if (!isObject(whole) || !Object.hasOwn(whole, 'onProgress')) return decoded(whole)
    const { onProgress, ...rest } = whole
    if (onProgress === undefined) return decoded(rest)
    return isFunction(onProgress)
      ? pipe(
          decoded(rest),
          E.map(options => ({ ...options, onProgress })),
        )
      : E.left(invalidConfig('onProgress', '`onProgress` must be a function.'))
  } catch (cause) {
    return E.left(invalidConfig('options', `The options could not be read: ${thrown(cause)}`))
  }
}

/** Calls `onProgress`. `Left` if it throws. */
export const tell =
  ({ onProgress }: SolveOptions) =>
  (progress: SolveProgress): E.Either<MethodError, void> => {
    if (onProgress === undefined) return E.right(undefined)
    try {
      onProgress(progress)
      return E.right(undefined)
    } catch (cause) {
      return E.left(numerical(`\`onProgress\` threw: ${thrown(cause)}`))
    }
  }
