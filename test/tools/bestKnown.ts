/** What test/bench/bestKnown.ts writes and docs/many.md is made from: the least validation losses that are known. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Count, decode, Finite, Natural, NonNegative, Vector } from '../../src/core/codec/Codec.js'

export const groupsFolder = fileURLToPath(new URL('../../docs/results/groups', import.meta.url))
export const bestKnownFile = 'best-known.json'

/** Numbers of hyperparameters, with the length of a block's side in pixels. */
export const sides: Readonly<Record<number, number>> = { 1: 28, 4: 14, 16: 7, 49: 4, 196: 2, 784: 1 }
export const dimensions: ReadonlyArray<number> = [1, 4, 16, 49, 196, 784]

const which = {
  dimension: Count,
  seed: Natural,
  /** Of the data. */
  fingerprint: t.string,
  date: t.string,
  machine: t.string,
  node: t.string,
} as const

/** Mean cross-entropies of one training. */
const Losses = t.readonly(t.strict({ validation: Finite, test: Finite }))

export const Implicit = t.readonly(
  t.strict({
    ...which,
    /** F at the exact lower-level minimum of the λ found. */
    exact: Losses,
    /** The same λ, trained at by the solver of the runs from the initial weights. */
    retrained: Losses,
    refitTest: Finite,
    status: t.string,
    /** ‖P(λ − ∇F) − λ‖∞. */
    projectedGradient: NonNegative,
    evaluations: Count,
    seconds: NonNegative,
    /** Components at the lower and at the upper bound. */
    atBounds: t.readonly(t.tuple([Natural, Natural])),
    lambda: Vector,
  }),
  'Implicit',
)
/** λ by the implicit function theorem. */
export type Implicit = t.TypeOf<typeof Implicit>

export const Long = t.readonly(
  t.strict({
    ...which,
    /** What it had over the preset. */
    method: t.UnknownRecord,
    stopReason: t.string,
    retrained: Losses,
    refitTest: Finite,
    lowerLevelSolves: Natural,
    effortEpochs: NonNegative,
    seconds: NonNegative,
    megabytes: NonNegative,
  }),
  'Long',
)
/** λ by a long run of the bilevel method. */
export type Long = t.TypeOf<typeof Long>

export const BestKnown = t.readonly(
  t.strict({
    script: t.string,
    implicit: t.readonlyArray(Implicit),
    long: t.readonlyArray(Long),
  }),
  'BestKnown',
)
/** All that are committed. */
export type BestKnown = t.TypeOf<typeof BestKnown>

/** Those of a folder; empty where there are none. */
export const bestKnown = (folder = groupsFolder): BestKnown => {
  const path = join(folder, bestKnownFile)
  if (!existsSync(path)) return { script: 'test/bench/bestKnown.ts', implicit: [], long: [] }
  const found = decode(BestKnown)(JSON.parse(readFileSync(path, 'utf8')))
  if (E.isLeft(found)) throw new Error(`${path}: ${found.left}`)
  return found.right
}
