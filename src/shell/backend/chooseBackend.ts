/**
 * Which backend computes: the one that was asked for, or the first of an order that works.
 *
 * Who computes without tensors asks by {@link chooseForNoTensors}, and nothing of tfjs is loaded where that can be helped.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { environment, type ShellError } from '../base/ShellError.js'
import type { Availability, Backend, BackendChoice, BackendName } from './Backend.js'
import { installed, loadBackend, packages, type Usable, versionLine } from './loadBackend.js'

const toBackend =
  (name: BackendName, why: string) =>
  (found: Usable): Backend => ({
    name,
    threads: found.threads,
    versions: found.versions,
    oneLine: `Backend ${name} (${versionLine(found)}; ${found.threads} thread${found.threads === 1 ? '' : 's'}): ${why}.`,
    tidy: found.tidy,
    values: found.values,
  })

/**
 * What `auto` takes: the first of these that works. Libtensorflow is the fastest at what tensors compute. Where a problem is
 * computed without tensors and no backend is faster, one that has nothing to load comes first: libtensorflow takes seconds.
 */
export const autoOrder = {
  fastestFirst: ['node', 'wasm', 'cpu'],
  unloadedFirst: ['wasm', 'cpu', 'node'],
} as const satisfies Readonly<Record<string, ReadonlyArray<BackendName>>>

/** How a backend is got. Left: why it cannot be. */
type Get = (name: BackendName) => TE.TaskEither<string, Usable>

/** The first that there is; `why`: what speaks for the one that is asked for first. */
const firstOf =
  (get: Get, names: ReadonlyArray<BackendName>, why: string): TE.TaskEither<ShellError, Backend> =>
  async () => {
    const reasons: Array<string> = []
    for (const name of names) {
      const got = await get(name)()
      if (E.isRight(got))
        return E.right(toBackend(name, reasons.length === 0 ? why : reasons.join('; '))(got.right))
      reasons.push(got.left)
    }
    return E.left(
      environment(
        `No tfjs backend works here: ${reasons.join('; ')}. Install the project's dependencies again with npm ci.`,
      ),
    )
  }

const choosing =
  (get: Get, names: ReadonlyArray<BackendName> = autoOrder.fastestFirst, why = 'the fastest there is') =>
  (choice: BackendChoice): TE.TaskEither<ShellError, Backend> =>
    choice === 'auto'
      ? firstOf(get, names, why)
      : pipe(
          get(choice),
          TE.bimap(
            reason =>
              environment(
                `The backend "${choice}" was asked for, but ${reason}. ` +
                  `${choice === 'node' ? 'Set it up by `bilevel setup-native`' : `Install ${packages[choice]}`}, or use ` +
                  '--backend auto to take the best one that works.',
              ),
            toBackend(choice, 'as asked'),
          ),
        )

const named: Get = name => (name === 'node' ? loadBackend(name) : installed(name))

/**
 * The backend of a choice. Errors: `Environment` where it, or with `auto` every one, cannot be loaded.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type Backend, chooseBackend } from 'bilevel-hpo/shell'
 *
 * const chosen = await chooseBackend('cpu')()
 * E.map(({ name, threads }: Backend) => [name, threads])(chosen) // => E.right(['cpu', 1])
 * ```
 */
export const choose = choosing(loadBackend)

/**
 * The backend that {@link choose} gives, for who makes no tensor: its name and versions, and with wasm and cpu nothing loaded.
 * Libtensorflow is loaded all the same, for whether it works shows only then. Errors: as of {@link choose}.
 */
export const chooseForNoTensors = choosing(named)

/**
 * The backend for who makes no tensor and computes the same on all of them: with `auto` one that need not be loaded, where there is
 * one, for libtensorflow alone takes seconds. Errors: as of {@link choose}.
 */
export const chooseUnloaded = choosing(
  named,
  autoOrder.unloadedFirst,
  'this problem is computed without tensors, whatever there is',
)

/**
 * Looks for every backend, one after the other, and says whether it works here. It never fails.
 *
 * @example
 * ```ts
 * import { availableBackends, type Availability } from 'bilevel-hpo/shell'
 *
 * const found: ReadonlyArray<Availability> = await availableBackends()
 * found.map(({ name }) => name) // => ['node', 'wasm', 'cpu']
 * ```
 */
export const available: Task<ReadonlyArray<Availability>> = async () => {
  const found: Array<Availability> = []
  // One after the other: tfjs has one active backend at a time.
  for (const name of autoOrder.fastestFirst)
    found.push(
      pipe(
        await loadBackend(name)(),
        E.match(
          (detail): Availability => ({ name, present: false, detail }),
          (found): Availability => ({ name, present: true, detail: versionLine(found) }),
        ),
      ),
    )
  return found
}
