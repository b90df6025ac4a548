/**
 * Makes the backend tfjs-node work: by its own installer, or, where that cannot download, by building its addon
 * against the libtensorflow in the wheel of tensorflow-cpu.
 *
 * Each step looks whether it was done before. Whatever can be found missing beforehand is looked for before anything
 * large is downloaded.
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
  /** The most that any one step (a download, an installer, a build) may take. */
  readonly limitSeconds: number
}

const wheel = tensorflowWheel
const main = fileURLToPath(builtFile('bilevel.js'))

/** Says what is begun, and how it ended and when. */
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

/** The check in a process of its own: what it printed is its result. */
const check: TE.TaskEither<Ended, string> = async () => {
  const ended = await run({
    file: process.execPath,
    args: [main, 'setup-native', '--check'],
    limitSeconds: 120,
  })()
  return ended.ok ? E.right(ended.out.trim()) : E.left(ended)
}

const lastly = (say: Say): TE.TaskEither<ShellError, string> =>
  step(say)(
    'Load tfjs-node and compare it with the cpu backend',
    pipe(
      check,
      TE.mapLeft(ended =>
        failedProgram(say)(
          'all was built, but it does not work',
          ended,
          'Please report this with the lines above, `bilevel doctor` and the version of your C library.',
        ),
      ),
    ),
    said => said,
  )

const packages: Readonly<Record<'compiler' | 'make' | 'python' | 'pip', string>> = {
  compiler: 'a C++ compiler (g++)',
  make: 'make',
  python: 'Python 3 (python3)',
  pip: 'pip (python3-pip)',
}

interface Tools extends BuildTools {
  /** `null` where the wheel is here. */
  readonly pip: Words | null
}

/** Everything that will be needed, before anything is downloaded. */
const tools =
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
              'nothing large was downloaded yet.',
          ),
        )
      : E.right({ compiler, python, pip, nodeDir: findNodeDir(), nodeGyp: findNodeGyp() })
  }

const toolLine = ({ compiler, pip, nodeDir }: Tools): string =>
  `${compiler.join(' ')}${pip === null ? '' : `, ${pip.join(' ')}`}, ` +
  (nodeDir === null
    ? "and no headers of this Node: node-gyp will download them from Node's own host"
    : `and Node's headers below ${nodeDir}`)

const platformError: E.Either<ShellError, void> =
  process.platform === 'linux' && process.arch === 'x64'
    ? E.right(undefined)
    : E.left(
        failed(
          `its own installer failed, and libtensorflow is taken from a Python wheel only on Linux on x64 (this is ` +
            `${process.platform} on ${process.arch})`,
          'See to it that its installer can reach storage.googleapis.com, and run this again.',
        ),
      )

/** libtensorflow from the wheel into the package's `deps`; the wheel from the cache, or by pip. */
const laidOut = (
  { say, limitSeconds }: SetupOptions,
  folder: string,
  { cached, pip }: { readonly cached: string | null; readonly pip: Words | null },
): TE.TaskEither<ShellError, unknown> => {
  const doing = step(say)
  const path: TE.TaskEither<ShellError, string> =
    cached !== null || pip === null
      ? TE.fromIO(() => {
          say('… The wheel of libtensorflow is in the cache, and whole')
          return cached ?? wheelPath(wheel)
        })
      : doing(
          `Download ${wheel.project} ${wheel.version} by ${pip.join(' ')} (${group(wheel.bytes)} bytes, once)`,
          downloadWheel(say)(wheel, pip, limitSeconds),
          kept => `its SHA-256 is the expected one; kept as ${kept}`,
        )
  return pipe(
    path,
    TE.chain(found =>
      doing(
        'Unpack libtensorflow and its headers',
        TE.fromIOEither(() => layOut(folder, found, wheel)),
        ({ files, bytes }) => `${files.length} files, ${group(bytes)} bytes, in ${join(folder, 'deps')}`,
      ),
    ),
  )
}

/** From the wheel: tools, download, layout, build, check. What an earlier try left is gone on from. */
const fromWheel =
  (options: SetupOptions) =>
  (folder: string): TE.TaskEither<ShellError, string> => {
    const { say, limitSeconds } = options
    return pipe(
      TE.fromEither(platformError),
      TE.map(() => {
        const before = isLaidOut(folder, wheel)
        return { before, cached: before ? null : cachedWheel(say)(wheel) }
      }),
      TE.bind('found', ({ before, cached }) =>
        step(say)('Look for what building needs', tools(!before && cached === null), toolLine),
      ),
      TE.tap(({ before, cached, found: { pip } }): TE.TaskEither<ShellError, unknown> =>
        before
          ? TE.fromIO(() => say('… libtensorflow was laid out before'))
          : laidOut(options, folder, { cached, pip }),
      ),
      TE.chain(({ found }) =>
        step(say)(
          'Build the addon',
          buildAddon(say)(found, limitSeconds)(folder),
          () => 'compiled and linked',
        ),
      ),
      TE.chain(() => lastly(say)),
    )
  }

/** By its own installer. Left: why not, which the caller goes on from. */
const fromItself =
  ({ say, limitSeconds }: SetupOptions) =>
  (folder: string): TE.TaskEither<Ended, string> =>
  async () => {
    say('… Run its own installer')
    const ended = await ownInstaller(limitSeconds)(folder)
    // It may end well without an addon that works, and badly with one.
    const works = await check()
    if (E.isRight(works)) return works
    const { how, lastLines } = ended.ok ? works.left : ended
    say(`  failed: ${how}`)
    for (const line of lastLines.slice(-4)) say(`    ${line}`)
    return E.left(ended)
  }

/** Where the package is, or where npm puts it. */
const present = ({ say, limitSeconds }: SetupOptions): TE.TaskEither<ShellError, string> => {
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
 * Sets tfjs-node up, unless it works already; gives what works, as a sentence.
 *
 * Errors: `Environment`; all but tfjs-node is then as it was, and what succeeded is kept for the next try.
 */
export const setupNative = (options: SetupOptions): TE.TaskEither<ShellError, string> =>
  pipe(
    check,
    TE.map(said => `Nothing to do. ${said}`),
    TE.orElse(() =>
      pipe(
        present(options),
        TE.chain(folder =>
          isLaidOut(folder, wheel)
            ? fromWheel(options)(folder)
            : pipe(
                fromItself(options)(folder),
                TE.orElse(() => fromWheel(options)(folder)),
              ),
        ),
      ),
    ),
  )
