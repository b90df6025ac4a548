/**
 * What computes: tfjs on libtensorflow (`node`), on WebAssembly (`wasm`) or in plain JavaScript (`cpu`).
 *
 * tfjs knows one active backend a process. {@link Backend.tidy} activates its own before it runs anything, so that
 * several may be used side by side.
 *
 * Who computes without tensors asks by `chooseForNoTensors`, and nothing of tfjs is loaded where that can be helped.
 */
import type * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { environment, type ShellError } from '../base/ShellError.js'
import { withoutErrorHandlers, withoutGreeting } from './quiet.js'
import { tfjs } from './kernels/tfjs.js'

export const BackendName = t.keyof({ node: null, wasm: null, cpu: null }, '"node", "wasm" or "cpu"')
/** Which implementation of tfjs. */
export type BackendName = t.TypeOf<typeof BackendName>

export const BackendChoice = t.keyof(
  { auto: null, node: null, wasm: null, cpu: null },
  '"auto", "node", "wasm" or "cpu"',
)
/** `auto`: the first of node, wasm, cpu that loads. */
export type BackendChoice = t.TypeOf<typeof BackendChoice>

/** A backend that is loaded, and that computed a product rightly; of `chooseForNoTensors`, one that may only be named. */
export interface Backend {
  readonly name: BackendName
  readonly threads: number
  /** Package name → version. */
  readonly versions: Readonly<Record<string, string>>
  /** The choice and its reason, for a person. */
  readonly oneLine: string
  /** Runs `f` with this backend active, and disposes of every tensor that it made, also when it throws. */
  readonly tidy: <A>(f: () => A) => A
  /** The values of a float32 tensor, where possible where they lie: to be read before any other tensor is made or let go. */
  readonly values: (tensor: tf.Tensor) => Float32Array
}

/** A backend that was looked for: whether it is there, and if not, why. */
export interface Availability {
  readonly name: BackendName
  readonly present: boolean
  readonly detail: string
}

type Usable = Omit<Backend, 'name' | 'oneLine'>

interface Loaded extends Omit<Usable, 'tidy'> {
  readonly tfName: string
}

const core = () => ({ [corePackage]: tfjs().version_core })

const corePackage = '@tensorflow/tfjs-core'

const copied: Backend['values'] = tensor => tensor.dataSync<'float32'>()

const NodeModule = t.type({ version: t.record(t.string, t.string) })

const loadNode = async (): Promise<Loaded> => {
  // Keeps libtensorflow's notes on the instruction set off stderr; its warnings stay.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1'
  // A name that the compiler does not resolve: the package is optional.
  const name: string = '@tensorflow/tfjs-node'
  const loaded: unknown = await import(name)
  const version = pipe(
    NodeModule.decode(loaded),
    E.match(
      () => 'unknown version',
      ({ version }) => version['tfjs-node'] ?? 'unknown version',
    ),
  )
  return {
    tfName: 'tensorflow',
    values: copied,
    threads: availableParallelism(),
    versions: { ...core(), [name]: version },
  }
}

const loadWasm = async (): Promise<Loaded> => {
  const wasm = await import('@tensorflow/tfjs-backend-wasm')
  // One thread: two are slower on the small products of these networks, and one is deterministic.
  wasm.setThreadsCount(1)
  return {
    tfName: 'wasm',
    values: tensor => {
      const backend = tfjs().backend()
      const values = backend instanceof wasm.BackendWasm ? backend.typedArrayFromHeap(tensor) : null
      return values instanceof Float32Array ? values : copied(tensor)
    },
    threads: 1,
    versions: { ...core(), '@tensorflow/tfjs-backend-wasm': wasm.version_wasm },
  }
}

const loadCpu = async (): Promise<Loaded> => {
  const cpu = await import('@tensorflow/tfjs-backend-cpu')
  return {
    tfName: 'cpu',
    values: copied,
    threads: 1,
    versions: { ...core(), '@tensorflow/tfjs-backend-cpu': cpu.version_cpu },
  }
}

const loaders = { node: loadNode, wasm: loadWasm, cpu: loadCpu } as const satisfies Record<
  BackendName,
  () => Promise<Loaded>
>

const packages = {
  node: '@tensorflow/tfjs-node',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu',
} as const

const reasonOf =
  (name: BackendName) =>
  (cause: unknown): string => {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
      return `${packages[name]} is not installed`
    const first = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? ''
    return `${packages[name]} could not be loaded (${first.slice(0, 160)})`
  }

/** Loads a backend and has it do a product, for one that loads may still be unable to compute. */
const start =
  (name: BackendName): TE.TaskEither<string, Loaded> =>
  () =>
    withoutErrorHandlers(async () => {
      try {
        const loaded = await loaders[name]()
        const [tf, { installKernels }] = [tfjs(), await import('./kernels/install.js')]
        if (!(await tf.setBackend(loaded.tfName)))
          return E.left(`${packages[name]} is installed but could not be initialised`)
        installKernels(loaded.tfName)
        const product = withoutGreeting(() =>
          scoped(() => tf.matMul(tf.tensor2d([1, 2], [1, 2]), tf.tensor2d([3, 4], [2, 1])).dataSync()),
        )
        return product[0] === 11
          ? E.right(loaded)
          : E.left(`${packages[name]} computes 1·3 + 2·4 as ${product[0] ?? 'nothing'}`)
      } catch (cause) {
        return E.left(reasonOf(name)(cause))
      }
    })

/** Runs `f` on the active backend, and disposes of every tensor that it made, also when it throws. */
export const scoped = <A>(f: () => A): A => {
  const engine = tfjs().engine()
  engine.startScope()
  try {
    return f()
  } finally {
    engine.endScope()
  }
}

// A backend registers itself with tfjs once a process; so the outcome of trying is kept once a process too.
const started = new Map<BackendName, Promise<E.Either<string, Loaded>>>()

const load =
  (name: BackendName): TE.TaskEither<string, Loaded> =>
  () => {
    const known = started.get(name)
    if (known !== undefined) return known
    const fresh = start(name)()
    started.set(name, fresh)
    return fresh
  }

const require = createRequire(import.meta.url)
const Package = t.type({ version: t.string })

/** The version that a package says it has. Throws where it is not installed, or says nothing. */
const versionOf = (name: string): string =>
  pipe(
    Package.decode(JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8'))),
    E.match(
      () => {
        throw new Error(`the package.json of ${name} has no version`)
      },
      ({ version }) => version,
    ),
  )

/** A backend whose packages are installed. Nothing of them is loaded. */
const installed =
  (name: 'wasm' | 'cpu'): TE.TaskEither<string, Usable> =>
  () =>
    Promise.resolve(
      E.tryCatch(
        (): Usable => ({
          threads: 1,
          versions: Object.fromEntries(
            [corePackage, packages[name]].map(each => [each, versionOf(each)] as const),
          ),
          tidy: f => f(),
          values: () => {
            throw new Error(`The backend ${name} was not loaded, and has no tensors.`)
          },
        }),
        reasonOf(name),
      ),
    )

const versionLine = ({ versions }: Usable): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name.replace('@tensorflow/', '')} ${version}`)
    .join(', ')

const usable = (loaded: Loaded): Usable => ({
  ...loaded,
  tidy: f => {
    const tf = tfjs()
    // An initialised backend becomes active before `setBackend` returns its promise.
    if (tf.getBackend() !== loaded.tfName) void tf.setBackend(loaded.tfName)
    return scoped(f)
  },
})

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

const preference: ReadonlyArray<BackendName> = ['node', 'wasm', 'cpu']

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
  (get: Get, names = preference, why = 'the fastest there is') =>
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

const opened: Get = name => pipe(load(name), TE.map(usable))
const named: Get = name => (name === 'node' ? opened(name) : installed(name))

/** The backend of a choice. Errors: `Environment` where it, or with `auto` every one, cannot be loaded. */
export const choose = choosing(opened)

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
  ['wasm', 'cpu', 'node'],
  'this problem is computed without tensors, whatever there is',
)

/** Every backend, and whether it works here. */
export const available: Task<ReadonlyArray<Availability>> = async () => {
  const found: Array<Availability> = []
  // One after the other: tfjs has one active backend at a time.
  for (const name of preference)
    found.push(
      pipe(
        await opened(name)(),
        E.match(
          (detail): Availability => ({ name, present: false, detail }),
          (found): Availability => ({ name, present: true, detail: versionLine(found) }),
        ),
      ),
    )
  return found
}
