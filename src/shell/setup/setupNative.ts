/**
 * Installs the backend tfjs-node. It runs tfjs-node's own installer; if that cannot download, it builds the addon
 * against the libtensorflow in the wheel of tensorflow-cpu.
 *
 * Each step is skipped if it is already done. Missing tools are reported before anything large is downloaded.
 */
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { builtFile } from '../base/package.js'
import { group } from '../data/formats/limits.js'
import type { ShellError } from '../base/ShellError.js'
import { isLaidOut, layOut } from './deps.js'
import { failed, failedProgram, type Say } from './failure.js'
import { run, type Ended } from './process.js'
import { buildAddon, installPackage, ownInstaller, packageFolder, type BuildTools } from './tfjsNode.js'
import { findCompilers, findNodeDir, findNodeGyp, findPip, type Words } from './tools.js'
import { tensorflowWheel } from './wheel.js'
import { cachedWheel, downloadWheel, wheelPath } from './wheelCache.js'

export interface SetupOptions {
  readonly say: Say
  /** The time limit of each step (a download, an installer, a build). */
  readonly limitSeconds: number
}

const wheel = tensorflowWheel
const main = fileURLToPath(builtFile('bilevel.js'))

/** Runs a task, and prints its start, its end and its duration. */
const step =
  (say: Say) =>
  <A>(
    what: string,
    task: TE.TaskEither<ShellError, A>,
    done: (result: A) => string,
  ): TE.TaskEither<ShellError, A> =>
  async () => {
    const start = performance.now()
    say(`… ${what}`)
    const result = await task()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    say(E.isRight(result) ? `  done in ${seconds} s: ${done(result.right)}` : `  failed after ${seconds} s`)
    return result
  }

/** Runs `setup-native --check` in a child process; its output is the result. */
const check: TE.TaskEither<Ended, string> = async () => {
  const ended = await run({
    file: process.execPath,
    args: [main, 'setup-native', '--check'],
    limitSeconds: 120,
  })()
  return ended.ok ? E.right(ended.out.trim()) : E.left(ended)
}

const finalCheck = (say: Say): TE.TaskEither<ShellError, string> =>
  step(say)(
    'Load tfjs-node and compare it with the cpu backend',
    pipe(
      check,
      TE.mapLeft(ended =>
        failedProgram(say)(
          'the addon was built, but it does not work',
          ended,
          'Please report this with the lines above, `bilevel doctor` and the version of your C library.',
        ),
      ),
    ),
    result => result,
  )

const packages: Readonly<Record<'compiler' | 'make' | 'python' | 'pip', string>> = {
  compiler: 'a C++ compiler (g++)',
  make: 'make',
  python: 'Python 3 (python3)',
  pip: 'pip (python3-pip)',
}

interface Tools extends BuildTools {
  /** `null` if the wheel is already in the cache. */
  readonly pip: Words | null
}

/** Finds all tools that the build needs. Errors: `Environment`, which names every missing tool. */
const findTools =
  (needsPip: boolean): TE.TaskEither<ShellError, Tools> =>
  async () => {
    const { compiler, make, python } = await findCompilers()
    const pip = needsPip ? await findPip() : null
    const missing = [
      ...(compiler === null ? [packages.compiler] : []),
      ...(make === null ? [packages.make] : []),
      ...(python === null ? [packages.python] : []),
      ...(needsPip && pip === null ? [packages.pip] : []),
    ]
    return compiler === null || python === null || missing.length > 0
      ? E.left(
          failed(
            `these were not found on the path: ${missing.join(', ')}`,
            'Install them (on Debian and Ubuntu: `apt-get install g++ make python3 python3-pip`) and run this again; ' +
              'nothing large has been downloaded yet.',
          ),
        )
      : E.right({ compiler, python, pip, nodeDir: findNodeDir(), nodeGyp: findNodeGyp() })
  }

const toolLine = ({ compiler, pip, nodeDir }: Tools): string =>
  `${compiler.join(' ')}${pip === null ? '' : `, ${pip.join(' ')}`}, ` +
  (nodeDir === null
    ? "and no headers of this Node version: node-gyp will download them from Node's host"
    : `and Node's headers in ${nodeDir}`)

const platformError: E.Either<ShellError, void> =
  process.platform === 'linux' && process.arch === 'x64'
    ? E.right(undefined)
    : E.left(
        failed(
          `the installer of tfjs-node failed, and the Python wheel with libtensorflow is only for Linux x64 (this is ` +
            `${process.platform} ${process.arch})`,
          'Make sure that the installer can reach storage.googleapis.com, and run this again.',
        ),
      )

/** Unpacks libtensorflow from the wheel into the package's `deps`; the wheel comes from the cache, or from pip. */
const unpackWheel = (
  { say, limitSeconds }: SetupOptions,
  folder: string,
  { cached, pip }: { readonly cached: string | null; readonly pip: Words | null },
): TE.TaskEither<ShellError, unknown> => {
  const inStep = step(say)
  const path: TE.TaskEither<ShellError, string> =
    cached !== null || pip === null
      ? TE.fromIO(() => {
          say('… The wheel with libtensorflow is in the cache, and complete')
          return cached ?? wheelPath(wheel)
        })
      : inStep(
          `Download ${wheel.project} ${wheel.version} with ${pip.join(' ')} (${group(wheel.bytes)} bytes, once)`,
          downloadWheel(say)(wheel, pip, limitSeconds),
          kept => `its SHA-256 is as expected; stored as ${kept}`,
        )
  return pipe(
    path,
    TE.chain(found =>
      inStep(
        'Unpack libtensorflow and its headers',
        TE.fromIOEither(() => layOut(folder, found, wheel)),
        ({ files, bytes }) => `${files.length} files, ${group(bytes)} bytes, in ${join(folder, 'deps')}`,
      ),
    ),
  )
}

/** Installs from the wheel: tools, download, unpacking, build, check. It continues from where an earlier attempt stopped. */
const fromWheel =
  (options: SetupOptions) =>
  (folder: string): TE.TaskEither<ShellError, string> => {
    const { say, limitSeconds } = options
    return pipe(
      TE.fromEither(platformError),
      TE.map(() => {
        const unpacked = isLaidOut(folder, wheel)
        return { unpacked, cached: unpacked ? null : cachedWheel(say)(wheel) }
      }),
      TE.bind('found', ({ unpacked, cached }) =>
        step(say)(
          'Look for the tools that the build needs',
          findTools(!unpacked && cached === null),
          toolLine,
        ),
      ),
      TE.tap(({ unpacked, cached, found: { pip } }): TE.TaskEither<ShellError, unknown> =>
        unpacked
          ? TE.fromIO(() => say('… libtensorflow is already unpacked'))
          : unpackWheel(options, folder, { cached, pip }),
      ),
      TE.chain(({ found }) =>
        step(say)(
          'Build the addon',
          buildAddon(say)(found, limitSeconds)(folder),
          () => 'compiled and linked',
        ),
      ),
      TE.chain(() => finalCheck(say)),
    )
  }

/** Runs tfjs-node's own installer. Left: how it failed; the caller then builds from the wheel. */
const byOwnInstaller =
  ({ say, limitSeconds }: SetupOptions) =>
  (folder: string): TE.TaskEither<Ended, string> =>
  async () => {
    say('… Run the installer of tfjs-node')
    const ended = await ownInstaller(limitSeconds)(folder)
    // Its exit code is not reliable: it may succeed without a working addon, and fail with one.
    const works = await check()
    if (E.isRight(works)) return works
    const { how, lastLines } = ended.ok ? works.left : ended
    say(`  failed: ${how}`)
    for (const line of lastLines.slice(-4)) say(`    ${line}`)
    return E.left(ended)
  }

/** The folder of the package, which npm installs if it is missing. */
const installedPackage = ({ say, limitSeconds }: SetupOptions): TE.TaskEither<ShellError, string> => {
  const folder = packageFolder()
  return folder !== null
    ? TE.right(folder)
    : step(say)(
        'Install the package @tensorflow/tfjs-node without its install script',
        installPackage(say)(limitSeconds),
        path => path,
      )
}

/**
 * Installs tfjs-node, unless it already works. Returns a sentence that says that it works.
 *
 * Errors: `Environment`. Other packages are then unchanged, and the next attempt reuses the steps that succeeded.
 */
export const setupNative = (options: SetupOptions): TE.TaskEither<ShellError, string> =>
  pipe(
    check,
    TE.map(works => `Nothing to do. ${works}`),
    TE.orElse(() =>
      pipe(
        installedPackage(options),
        TE.chain(folder =>
          isLaidOut(folder, wheel)
            ? fromWheel(options)(folder)
            : pipe(
                byOwnInstaller(options)(folder),
                TE.orElse(() => fromWheel(options)(folder)),
              ),
        ),
      ),
    ),
  )
