/**
 * The methods that a configuration can name. To add one, add a line to `methods`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { bayesianOptimization } from '../../core/baselines/bayesianOptimization.js'
import { gridSearch } from '../../core/baselines/gridSearch.js'
import { hyperband } from '../../core/baselines/hyperband.js'
import { randomSearch } from '../../core/baselines/randomSearch.js'
import { bilevel } from '../../core/bilevel/Bilevel.js'
import type { Method } from '../../core/protocol/Method.js'
import { badInput, type ShellError } from '../base/ShellError.js'

/**
 * A method of which nobody else knows the types of configuration and state: it is used by saying what to do with it
 * whatever they are.
 */
export type SomeMethod = <R>(use: <C, S>(method: Method<C, S>) => R) => R

/** Forgets a method's types. */
export const some =
  <C, S>(method: Method<C, S>): SomeMethod =>
  use =>
    use(method)

/** Methods by their names. */
export type Methods = ReadonlyMap<string, SomeMethod>

/** Methods by their names. */
export const registry = (...all: ReadonlyArray<SomeMethod>): Methods =>
  new Map(all.map(method => [method(({ name }) => name), method]))

/** The methods that this package has. */
export const methods: Methods = registry(
  some(bilevel),
  some(gridSearch),
  some(randomSearch),
  some(bayesianOptimization),
  some(hyperband),
)

/** The method of this name. */
export const methodNamed =
  (known: Methods) =>
  (name: string): E.Either<ShellError, SomeMethod> =>
    E.fromNullable(
      badInput(
        `Field \`method.name\`: there is no method called ${JSON.stringify(name)}. Known: ${[...known.keys()].join(', ')}.`,
      ),
    )(known.get(name))
