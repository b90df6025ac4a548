/**
 * Stores weights by reference, as flat float32 vectors.
 *
 * With a {@link Persistence}, stored weights outlive the process, so that a resumed run finds them.
 */
import { messageOf } from '../base/messageOf.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { initialWeights, type WeightsRef } from '../../core/protocol/Command.js'
import { makeFolders, syncFolder } from '../base/folders.js'
import { environment, type ShellError } from '../base/ShellError.js'
import * as WeightFile from '../record/WeightFile.js'

/** Storage of weights that outlives the process. Once `save` has returned a `Right`, they survive even a power cut. */
export interface Persistence {
  readonly save: (ref: WeightsRef, weights: Float32Array) => TE.TaskEither<ShellError, void>
  /** `None` if nothing was saved under this reference. `size`: the expected number of weights. */
  readonly load: (ref: WeightsRef, size: number) => TE.TaskEither<ShellError, O.Option<Float32Array>>
  readonly remove: (ref: WeightsRef) => IO<void>
}

export interface WeightStore {
  /** The weights of a reference; `None` if they were never stored or were released. */
  readonly get: (ref: WeightsRef) => TE.TaskEither<ShellError, O.Option<Float32Array>>
  readonly put: (ref: WeightsRef, weights: Float32Array) => TE.TaskEither<ShellError, void>
  /** Deletes weights. The initial weights stay. */
  readonly release: (refs: ReadonlyArray<WeightsRef>) => void
  /** Clears the memory; saved files stay. */
  readonly clear: () => void
}

/** A store that starts with the initial weights. */
export const weightStore = (initial: Float32Array, persistence: Persistence | null): WeightStore => {
  const kept = new Map<WeightsRef, Float32Array>()
  const known = (ref: WeightsRef): Float32Array | undefined =>
    ref === initialWeights ? initial : kept.get(ref)
  return {
    get: ref => {
      const weights = known(ref)
      if (weights !== undefined || persistence === null) return TE.right(O.fromNullable(weights))
      return pipe(
        persistence.load(ref, initial.length),
        TE.map(
          O.map(loaded => {
            kept.set(ref, loaded)
            return loaded
          }),
        ),
      )
    },
    put: (ref, weights) => {
      kept.set(ref, weights)
      return persistence === null ? TE.right(undefined) : persistence.save(ref, weights)
    },
    release: refs => {
      for (const ref of refs) {
        if (ref === initialWeights) continue
        kept.delete(ref)
        persistence?.remove(ref)()
      }
    },
    clear: () => {
      kept.clear()
    },
  }
}

/** Little-endian float32 on every machine. */
const encode = (weights: Float32Array): Uint8Array => {
  const bytes = new Uint8Array(weights.length * 4)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < weights.length; i++) view.setFloat32(4 * i, weights[i]!, true)
  return bytes
}

const decode = (path: string, bytes: Uint8Array, size: number): E.Either<ShellError, Float32Array> => {
  if (bytes.length !== 4 * size)
    return E.left(
      WeightFile.refused(
        path,
        `it holds ${bytes.length} bytes, but the ${size} float32 weights of this network take ${4 * size}`,
      ),
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const weights = Float32Array.from({ length: size }, (_, i) => view.getFloat32(4 * i, true))
  const bad = weights.findIndex(weight => !Number.isFinite(weight))
  return bad < 0
    ? E.right(weights)
    : E.left(WeightFile.refused(path, `its weight at index ${bad} is not a finite number`))
}

/** Writes a file under another name and flushes it. A rename then puts it in its place with all its content. */
const writeDraft = async (draft: string, content: Uint8Array | string): Promise<void> => {
  const file = await open(draft, 'w')
  try {
    await file.writeFile(content)
    // The log will name these weights, so they must survive a power cut.
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Stores weights in files `<ref>.f32` in `folder`, which is created when needed. Each file is written atomically, and has a
 * SHA-256 beside it, in `<ref>.f32.sha256`. A file that is not as its SHA-256 says is refused. `run`: the run to which the
 * weights belong; the weights of another run are refused.
 *
 * @example
 * ```ts
 * import { isLeft, right } from 'fp-ts/lib/Either.js'
 * import { some } from 'fp-ts/lib/Option.js'
 * import { writeFileSync } from 'node:fs'
 * import { folderPersistence, type Persistence } from 'bilevel-hpo/shell'
 *
 * const persistence: Persistence = folderPersistence('weights')
 * await persistence.save('w3', Float32Array.of(0.5, -0.25))() // => right(undefined)
 * await persistence.load('w3', 2)() // => right(some(Float32Array.of(0.5, -0.25)))
 * writeFileSync('weights/w3.f32', new Uint8Array(8))
 * isLeft(await persistence.load('w3', 2)()) // => true
 * ```
 */
export const folderPersistence = (folder: string, run: WeightFile.RunId = null): Persistence => {
  const pathOf = WeightFile.pathIn(folder)
  return {
    save: (ref, weights) =>
      TE.tryCatch(
        async () => {
          const path = pathOf(ref)
          const seal = WeightFile.sealOf(path)
          const bytes = encode(weights)
          const drafts = [`${path}.partial`, `${seal}.partial`] as const
          makeFolders(folder)
          try {
            await Promise.all([
              writeDraft(drafts[0], bytes),
              writeDraft(drafts[1], WeightFile.seal(run, path, bytes)),
            ])
            // The seal comes first: weights without one would look like those of an older version.
            await rename(drafts[1], seal)
            await rename(drafts[0], path)
            syncFolder(folder)
          } catch (cause) {
            await Promise.all(drafts.map(draft => rm(draft, { force: true })))
            throw cause
          }
        },
        cause =>
          environment(
            `The weights ${ref} could not be written to ${folder} (${messageOf(cause)}). ` +
              'Make room there, or choose a folder that can be written with --out.',
          ),
      ),
    load: (ref, size) =>
      TE.fromIOEither(() =>
        pipe(
          WeightFile.read(folder, run, 4 * size)(ref),
          E.chain(found =>
            found === null ? E.right(O.none) : pipe(decode(pathOf(ref), found.bytes, size), E.map(O.some)),
          ),
        ),
      ),
    remove: ref => () => {
      try {
        // The seal goes last, for the same reason.
        for (const path of [pathOf(ref), WeightFile.sealOf(pathOf(ref))]) rmSync(path, { force: true })
      } catch {
        // A file that stays only takes up disk space; the reference is gone in any case.
      }
    },
  }
}

/** Those of these weights that have no file in a folder of weights. */
export const missingFrom =
  (folder: string) =>
  (refs: ReadonlyArray<WeightsRef>): ReadonlyArray<WeightsRef> =>
    refs.filter(ref => !existsSync(WeightFile.pathIn(folder)(ref)))

/**
 * Deletes the files that a killed run left in a folder of weights and that are not needed: partial files, weights of answers
 * that were never recorded, and weights whose release was recorded but not yet carried out. Files with other names stay.
 */
export const keepOnly =
  (folder: string) =>
  (refs: ReadonlyArray<WeightsRef>): IO<void> =>
  () => {
    if (!existsSync(folder)) return
    for (const name of readdirSync(folder)) {
      const [, ref, kind] = WeightFile.pattern.exec(name) ?? []
      if (ref !== undefined && (kind?.endsWith('.partial') === true || !refs.includes(ref)))
        rmSync(join(folder, name), { recursive: true, force: true })
    }
  }
