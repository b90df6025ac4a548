/**
 * Chooses the backend: the named one, or with `auto` the first that works in a given order.
 *
 * Callers that compute without tensors use {@link chooseForNoTensors} or {@link chooseUnloaded}, which load tfjs only if they
 * must.
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
 * With `auto`, the first backend that works in one of these orders. `fastestFirst` is the usual one: libtensorflow is the
 * fastest at tensors. `unloadedFirst` is for problems that are computed without tensors, where libtensorflow is not faster:
 * backends that need no loading come first, because loading libtensorflow takes seconds.
 */
export const autoOrder = {
  fastestFirst: ['node', 'wasm', 'cpu'],
  unloadedFirst: ['wasm', 'cpu', 'node'],
} as const satisfies Readonly<Record<string, ReadonlyArray<BackendName>>>

/** Gets a backend. Left: why it is not available. */
type Get = (name: BackendName) => TE.TaskEither<string, Usable>

/** The first available backend. `why`: the reason to give for the first of the order. */
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
        `No tfjs backend works here: ${reasons.join('; ')}. Install the optional packages: \`npm install --include=optional\`.`,
      ),
    )
  }

const choosing =
  (get: Get, names: ReadonlyArray<BackendName> = autoOrder.fastestFirst, why = 'the fastest available') =>
  (choice: BackendChoice): TE.TaskEither<ShellError, Backend> =>
    choice === 'auto'
      ? firstOf(get, names, why)
      : pipe(
          get(choice),
          TE.bimap(
            reason =>
              environment(
                `The backend "${choice}" was asked for, but ${reason}. ` +
                  `${choice === 'node' ? 'Set it up with `bilevel setup-native`' : `Install ${packages[choice]}`}, or use ` +
                  '--backend auto for the best one that works.',
              ),
            toBackend(choice, 'as asked'),
          ),
        )

const named: Get = name => (name === 'node' ? loadBackend(name) : installed(name))

/**
 * The backend of a choice, loaded. Errors: `Environment` if it cannot be loaded; with `auto`, if no backend can.
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
 * The backend that {@link choose} returns, for callers that create no tensors. It has a name and versions, but wasm and cpu
 * are not loaded. Libtensorflow is loaded, because only loading shows whether it works. Errors: those of {@link choose}.
 */
export const chooseForNoTensors = choosing(named)

/**
 * The backend for callers that create no tensors and gain nothing from libtensorflow. With `auto` it prefers a backend that
 * needs no loading, because loading libtensorflow takes seconds. Errors: those of {@link choose}.
 */
export const chooseUnloaded = choosing(
  named,
  autoOrder.unloadedFirst,
  'this problem is computed without tensors',
)

/**
 * Tries to load every backend, and says whether it works here. It never fails.
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
  // Not in parallel: tfjs has one active backend at a time.
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
