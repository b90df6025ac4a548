/** Dense grids of validation losses, in docs/results/truth. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Count, Finite, Natural, nullable, Positive, Vector } from '../../src/core/codec/Codec.js'

export const truthFolder = fileURLToPath(new URL('../../docs/results/truth', import.meta.url))

export const KeptTruth = t.readonly(
  t.strict({
    preset: t.string,
    levels: Count,
    seed: Natural,
    backend: t.string,
    solve: t.strict({ maxEpochs: Count, tolerance: Positive }),
    machine: t.string,
    date: t.string,
    /** Whether every point of the grid is there. */
    complete: t.boolean,
    points: t.readonlyArray(t.strict({ lambda: Vector, upper: nullable(Finite) })),
  }),
  'KeptTruth',
)
/** F of weights trained at the points of a grid. */
export type KeptTruth = t.TypeOf<typeof KeptTruth>

/** A full factorial design over the box, its ends included, `levels` to a hyperparameter. */
export const gridOf = (
  lower: ReadonlyArray<number>,
  upper: ReadonlyArray<number>,
  levels: number,
): ReadonlyArray<ReadonlyArray<number>> =>
  lower.reduce<ReadonlyArray<ReadonlyArray<number>>>(
    (all, low, k) =>
      all.flatMap(lambda =>
        Array.from({ length: levels }, (_, i) => [
          ...lambda,
          low + ((upper[k]! - low) * i) / Math.max(1, levels - 1),
        ]),
      ),
    [[]],
  )

/** The committed grid of a preset, if it is there and complete. */
export const truthOf = (preset: string, folder = truthFolder): KeptTruth | null => {
  const path = join(folder, `${preset}.json`)
  if (!existsSync(path)) return null
  const found = KeptTruth.decode(JSON.parse(readFileSync(path, 'utf8')))
  if (E.isLeft(found)) throw new Error(`${path} is no grid of validation losses.`)
  return found.right.complete ? found.right : null
}

/** The least F over the grid. */
export const leastOf = ({ points }: KeptTruth): number =>
  Math.min(...points.flatMap(({ upper }) => (upper === null ? [] : [upper])))
