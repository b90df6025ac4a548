/**
 * The methods that a configuration can name. To add one, add a line to `methods`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { bayesianOptimization } from '../../core/baselines/bayesianOptimization.js'
import { gridSearch } from '../../core/baselines/gridSearch.js'
import { hyperband } from '../../core/baselines/hyperband.js'
import { randomSearch } from '../../core/baselines/randomSearch.js'
import { bilevel } from '../../core/bilevel/Bilevel.js'
import { tracking } from '../../core/tracking/tracking.js'
import { didYouMean } from '../../core/codec/unknownField.js'
import type { Method } from '../../core/protocol/Method.js'
import { badInput, type ShellError } from '../base/ShellError.js'

/**
 * A method whose types of configuration and state are hidden. The caller passes a function that works for any such types.
 */
export type SomeMethod = <R>(use: <C, S>(method: Method<C, S>) => R) => R

/**
 * Hides a method's types of configuration and state, so that methods of different types fit in one registry.
 *
 * @example
 * ```ts
 * import { gridSearch } from 'bilevel-hpo'
 * import { some, type SomeMethod } from 'bilevel-hpo/runs'
 *
 * const grid: SomeMethod = some(gridSearch)
 * grid(({ name }) => name) // => 'grid'
 * ```
 */
export const some =
  <C, S>(method: Method<C, S>): SomeMethod =>
  use =>
    use(method)

/** Methods by name. */
export type Methods = ReadonlyMap<string, SomeMethod>

/**
 * A registry of methods, by the names that configurations and logs use.
 *
 * @example
 * ```ts
 * import { bilevel, Bilevel, Parts } from 'bilevel-hpo'
 * import { type Methods, registry, some } from 'bilevel-hpo/runs'
 *
 * const mine = Bilevel.make({ name: 'mine', penalty: { ...Parts.defaults.penalty, cap: () => () => Infinity } })
 * const methods: Methods = registry(some(bilevel), some(mine))
 * Array.from(methods.keys()) // => ['bilevel', 'mine']
 * ```
 */
export const registry = (...all: ReadonlyArray<SomeMethod>): Methods =>
  new Map(all.map(method => [method(({ name }) => name), method]))

/**
 * The methods of this package: `bilevel`, `tracking`, `grid`, `random`, `bayesian` and `hyperband`.
 *
 * @example
 * ```ts
 * import { methods } from 'bilevel-hpo/runs'
 *
 * Array.from(methods.keys()) // => ['bilevel', 'tracking', 'grid', 'random', 'bayesian', 'hyperband']
 * ```
 */
export const methods: Methods = registry(
  some(bilevel),
  some(tracking),
  some(gridSearch),
  some(randomSearch),
  some(bayesianOptimization),
  some(hyperband),
)

/**
 * The method with this name. Errors: `BadInput` if there is none; the message lists the known names.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { methodNamed, methods } from 'bilevel-hpo/runs'
 *
 * E.isRight(methodNamed(methods)('grid')) // => true
 * E.isLeft(methodNamed(methods)('gird')) // => true
 * ```
 */
export const methodNamed =
  (known: Methods) =>
  (name: string): E.Either<ShellError, SomeMethod> =>
    E.fromNullable(
      badInput(
        `Field \`method.name\`: there is no method called ${JSON.stringify(name)}` +
          `${didYouMean(name, [...known.keys()]) || '.'} Known: ${[...known.keys()].join(', ')}.`,
      ),
    )(known.get(name))
