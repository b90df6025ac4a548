/**
 * Loads backends of tfjs. A backend registers itself with tfjs once per process, so each is loaded once and cached.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { messageOf } from '../base/messageOf.js'
import type { Backend, BackendName } from './Backend.js'
import { tfjs } from './kernels/tfjs.js'
import { withoutErrorHandlers, withoutGreeting } from './quiet.js'

/** A usable backend, without its name and the reason for choosing it. */
export type Usable = Omit<Backend, 'name' | 'oneLine'>

interface Loaded extends Omit<Usable, 'tidy'> {
  readonly tfName: string
}

const core = () => ({ [corePackage]: tfjs().version_core })

const corePackage = '@tensorflow/tfjs-core'

const copied: Backend['values'] = tensor => tensor.dataSync<'float32'>()

const NodeModule = t.type({ version: t.record(t.string, t.string) })

const loadNode = async (): Promise<Loaded> => {
  // Hides libtensorflow's notes on the instruction set; its warnings are still shown.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1'
  // The compiler must not resolve this import, because the package is optional.
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
  // Two threads are slower on the small products of these networks, and one is deterministic.
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

/** The package of each backend. */
export const packages = {
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
    const first = messageOf(cause).split('\n')[0] ?? ''
    return `${packages[name]} could not be loaded (${first.slice(0, 160)})`
  }

/** Loads a backend and computes a test product, because a backend may load and still not compute. */
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

/** Runs `f` on the active backend, and disposes of every tensor it created, even if it throws. */
export const scoped = <A>(f: () => A): A => {
  const engine = tfjs().engine()
  engine.startScope()
  try {
    return f()
  } finally {
    engine.endScope()
  }
}

// The cache: failures are kept as well.
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

/** The version in a package's package.json. Throws if the package is not installed or has no version. */
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

/** A backend whose packages are installed. It does not load them. */
export const installed =
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

/** Packages and their versions, for a person. */
export const versionLine = ({ versions }: Usable): string =>
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

/** Loads a backend. Left: why it cannot be loaded. */
export const loadBackend = (name: BackendName): TE.TaskEither<string, Usable> =>
  pipe(load(name), TE.map(usable))
