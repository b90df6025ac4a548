/**
 * The files of weights in a run's folder. `w<id>.f32` has the numbers alone. Its seal, `w<id>.f32.sha256`, has the file's
 * SHA-256 in the format of `sha256sum`, and the run to which the weights belong:
 *
 *     # run 0123456789abcdef
 *     <64 hex digits>  w12.f32
 *
 * So damage is found, and so is a file that was swapped with another one of this run or of another run.
 *
 * The seal is not in the log, because equal runs must have equal logs, and old logs must stay as they are. A file without a seal is
 * of an older version; whoever reads it must check it in another way.
 */
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { WeightsRef } from '../../core/protocol/Command.js'
import { environment, type ShellError } from '../base/ShellError.js'
import { messageOf } from '../base/messageOf.js'

/** The path of a file of weights. */
export const pathIn =
  (folder: string) =>
  (ref: WeightsRef): string =>
    join(folder, `${ref}.f32`)

/** The path of the seal of a file of weights. */
export const sealOf = (path: string): string => `${path}.sha256`

/** Names of files that a run writes into its folder of weights. Group 1 is the reference, group 2 marks a seal or a draft. */
export const pattern = /^(w\d+)\.f32(\.partial|\.sha256|\.sha256\.partial)?$/

/** The run to which weights belong: the digest of its log's header. `null` for weights that are stored without a log. */
export type RunId = string | null

/** The content of a seal. */
export interface Seal {
  readonly run: RunId
  readonly sha256: string
  /** The name of the file of weights, without its folder. */
  readonly name: string
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The text of the seal of weights with these bytes. */
export const seal = (run: RunId, path: string, bytes: Uint8Array): string =>
  `${run === null ? '' : `# run ${run}\n`}${sha256(bytes)}  ${basename(path)}\n`

const sealText = /^(?:# run ([0-9a-f]{1,64})\n)?([0-9a-f]{64}) {2}(w\d+\.f32)\n$/

const parse = (text: string): Seal | null => {
  const [, run, digest, name] = sealText.exec(text) ?? []
  return digest === undefined || name === undefined ? null : { run: run ?? null, sha256: digest, name }
}

const advice = 'Restore it from a copy of the run folder, or start a new run.'

/** The error of a file of weights that cannot be used. */
export const refused = (path: string, problem: string): ShellError =>
  environment(`The weights file ${path} cannot be used: ${problem}. ${advice}`)

/** A seal takes some 110 bytes. */
const longestSeal = 1024

/** A file whose entry exists. A link whose target is missing counts, since no run makes one. */
const entryAt = (path: string): fs.Stats | undefined =>
  fs.lstatSync(path, { throwIfNoEntry: false }) && fs.statSync(path)

/** Reads a regular file of a limited size. `null`: there is none. Opening a pipe would wait for a writer for ever. */
const contentOf = (path: string, most: number): Buffer | null => {
  const stats = entryAt(path)
  if (stats === undefined) return null
  if (!stats.isFile()) throw new Error('it is not a regular file')
  if (stats.size > most) throw new Error(`it holds ${stats.size} bytes, more than ${most}`)
  return fs.readFileSync(path)
}

/** A file of weights that was read. `sealed`: it has a seal, and is as the seal says. */
export interface Read {
  readonly bytes: Uint8Array
  readonly sealed: boolean
}

/** The most bytes of weights that are read when their number is not known: 2^28 of them. */
const mostBytes = 2 ** 30

/**
 * Reads weights and checks them against their seal. `null`: there is no such file.
 *
 * Errors: `Environment` if it is not a regular file, is not as the seal says, or belongs to another run or another reference. The
 * message names the file.
 */
export const read =
  (folder: string, run: RunId, most = mostBytes) =>
  (ref: WeightsRef): E.Either<ShellError, Read | null> => {
    const path = pathIn(folder)(ref)
    return pipe(
      E.tryCatch(
        () => contentOf(path, most),
        cause => refused(path, messageOf(cause)),
      ),
      E.chain(bytes =>
        bytes === null
          ? E.right(null)
          : pipe(
              E.tryCatch(
                () => contentOf(sealOf(path), longestSeal),
                cause =>
                  refused(
                    path,
                    `its checksum in ${basename(sealOf(path))} cannot be read, ${messageOf(cause)}`,
                  ),
              ),
              E.chain(stated =>
                stated === null ? E.right({ bytes, sealed: false }) : sealed(path, run, bytes, stated),
              ),
            ),
      ),
    )
  }

const sealed = (path: string, run: RunId, bytes: Uint8Array, stated: Buffer): E.Either<ShellError, Read> => {
  const found = parse(stated.toString('latin1'))
  const sealName = basename(sealOf(path))
  if (found === null)
    return E.left(refused(path, `its checksum file ${sealName} is damaged. ${aboutSeal(path)}`))
  if (found.name !== basename(path))
    return E.left(refused(path, `its checksum file ${sealName} is that of ${found.name}`))
  if (found.run !== run)
    return E.left(
      refused(
        path,
        `it belongs to another run (${found.run ?? 'none'}, and not ${run ?? 'none'}), says ${sealName}`,
      ),
    )
  const actual = sha256(bytes)
  return actual === found.sha256
    ? E.right({ bytes, sealed: true })
    : E.left(
        refused(
          path,
          `it is not as the run wrote it. Its SHA-256 is ${actual.slice(0, 16)}…, and ${sealName} says ` +
            `${found.sha256.slice(0, 16)}…`,
        ),
      )
}

const aboutSeal = (path: string): string =>
  `If only that file is damaged, remove it: \`bilevel resume ${dirname(dirname(path))}\` then measures the weights instead`

/** The references of all weights in a folder that have a seal. */
export const sealedIn = (folder: string): ReadonlyArray<WeightsRef> =>
  pipe(
    E.tryCatch(
      () => fs.readdirSync(folder),
      () => null,
    ),
    E.getOrElseW((): ReadonlyArray<string> => []),
    names => names.flatMap(name => (name.endsWith('.f32.sha256') ? (pattern.exec(name)?.[1] ?? []) : [])),
  )

/**
 * Checks those of these weights whose files exist. Returns those without a seal, which are of an older version.
 *
 * Errors: those of {@link read}, for the first file that cannot be used.
 */
export const check =
  (folder: string, run: RunId) =>
  (refs: ReadonlyArray<WeightsRef>): E.Either<ShellError, ReadonlyArray<WeightsRef>> =>
    pipe(
      refs,
      E.traverseArray(ref =>
        pipe(
          read(folder, run)(ref),
          E.map(found => (found === null || found.sealed ? [] : [ref])),
        ),
      ),
      E.map(unsealed => unsealed.flat()),
    )
