/**
 * What computes: tfjs on libtensorflow (`node`), on WebAssembly (`wasm`) or in plain JavaScript (`cpu`).
 *
 * tfjs knows one active backend a process. {@link Backend.tidy} activates its own before it runs anything, so that
 * several may be used side by side.
 */
import * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { availableParallelism } from 'node:os'
import { environment, type ShellError } from '../ShellError.js'
import { installKernels } from './kernels/install.js'
import { withoutErrorHandlers, withoutGreeting } from './quiet.js'

export const BackendName = t.keyof({ node: null, wasm: null, cpu: null }, '"node", "wasm" or "cpu"')
/** Which implementation of tfjs. */
export type BackendName = t.TypeOf<typeof BackendName>

export const BackendChoice = t.keyof(
  { auto: null, node: null, wasm: null, cpu: null },
  '"auto", "node", "wasm" or "cpu"',
)
/** `auto`: the first of node, wasm, cpu that loads. */
export type BackendChoice = t.TypeOf<typeof BackendChoice>

/** A backend that is loaded, and that computed a product rightly. */
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

interface Loaded {
  readonly tfName: string
  readonly values: Backend['values']
  readonly threads: number
  readonly versions: Readonly<Record<string, string>>
}

const core = { '@tensorflow/tfjs-core': tf.version_core }

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
    versions: { ...core, [name]: version },
  }
}

const loadWasm = async (): Promise<Loaded> => {
  const wasm = await import('@tensorflow/tfjs-backend-wasm')
  // One thread: two are slower on the small products of these networks, and one is deterministic.
  wasm.setThreadsCount(1)
  return {
    tfName: 'wasm',
    values: tensor => {
      const backend = tf.backend()
      const values = backend instanceof wasm.BackendWasm ? backend.typedArrayFromHeap(tensor) : null
      return values instanceof Float32Array ? values : copied(tensor)
    },
    threads: 1,
    versions: { ...core, '@tensorflow/tfjs-backend-wasm': wasm.version_wasm },
  }
}

const loadCpu = async (): Promise<Loaded> => {
  const cpu = await import('@tensorflow/tfjs-backend-cpu')
  return {
    tfName: 'cpu',
    values: copied,
    threads: 1,
    versions: { ...core, '@tensorflow/tfjs-backend-cpu': cpu.version_cpu },
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
  tf.engine().startScope()
  try {
    return f()
  } finally {
    tf.engine().endScope()
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

const versionLine = ({ versions }: Loaded): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name.replace('@tensorflow/', '')} ${version}`)
    .join(', ')

const toBackend =
  (name: BackendName, why: string) =>
  (loaded: Loaded): Backend => ({
    name,
    threads: loaded.threads,
    versions: loaded.versions,
    oneLine: `Backend ${name} (${versionLine(loaded)}; ${loaded.threads} thread${loaded.threads === 1 ? '' : 's'}): ${why}.`,
    tidy: f => {
      // An initialised backend becomes active before `setBackend` returns its promise.
      if (tf.getBackend() !== loaded.tfName) void tf.setBackend(loaded.tfName)
      return scoped(f)
    },
    values: loaded.values,
  })

const preference: ReadonlyArray<BackendName> = ['node', 'wasm', 'cpu']

const automatic: TE.TaskEither<ShellError, Backend> = async () => {
  const reasons: Array<string> = []
  for (const name of preference) {
    const loaded = await load(name)()
    if (E.isRight(loaded))
      return E.right(
        toBackend(name, reasons.length === 0 ? 'the fastest there is' : reasons.join('; '))(loaded.right),
      )
    reasons.push(loaded.left)
  }
  return E.left(
    environment(
      `No tfjs backend works here: ${reasons.join('; ')}. Install the project's dependencies again with npm ci.`,
    ),
  )
}

/** The backend of a choice. Errors: `Environment` where it, or with `auto` every one, cannot be loaded. */
export const choose = (choice: BackendChoice): TE.TaskEither<ShellError, Backend> =>
  choice === 'auto'
    ? automatic
    : pipe(
        load(choice),
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

/** Every backend, and whether it works here. */
export const available: Task<ReadonlyArray<Availability>> = async () => {
  const found: Array<Availability> = []
  // One after the other: tfjs has one active backend at a time.
  for (const name of preference)
    found.push(
      pipe(
        await load(name)(),
        E.match(
          (detail): Availability => ({ name, present: false, detail }),
          (loaded): Availability => ({ name, present: true, detail: versionLine(loaded) }),
        ),
      ),
    )
  return found
}
