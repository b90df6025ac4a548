/** The least known validation losses: test/bench/bestKnown.ts writes them, docs/many.md is made from them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Count, decode, Finite, Natural, NonNegative, Vector } from '../../src/core/codec/Codec.js'

export const groupsFolder = fileURLToPath(new URL('../../docs/results/groups', import.meta.url))
export const bestKnownFile = 'best-known.json'

/** The side of a block in pixels, for each number of hyperparameters. */
export const sides: Readonly<Record<number, number>> = { 1: 28, 4: 14, 16: 7, 49: 4, 196: 2, 784: 1 }
export const dimensions: ReadonlyArray<number> = [1, 4, 16, 49, 196, 784]

const which = {
  dimension: Count,
  seed: Natural,
  /** Fingerprint of the data. */
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
    /** Weights trained at the same λ by the solver of the runs, from the initial weights. */
    retrained: Losses,
    refitTest: Finite,
    status: t.string,
    /** ‖P(λ − ∇F) − λ‖∞. */
    projectedGradient: NonNegative,
    evaluations: Count,
    seconds: NonNegative,
    /** Numbers of components at the lower and at the upper bound. */
    atBounds: t.readonly(t.tuple([Natural, Natural])),
    lambda: Vector,
  }),
  'Implicit',
)
/** λ found with the implicit function theorem. */
export type Implicit = t.TypeOf<typeof Implicit>

export const Long = t.readonly(
  t.strict({
    ...which,
    /** Options of the method that differ from the preset. */
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
/** λ found by a long run of the bilevel method. */
export type Long = t.TypeOf<typeof Long>

export const BestKnown = t.readonly(
  t.strict({
    script: t.string,
    implicit: t.readonlyArray(Implicit),
    long: t.readonlyArray(Long),
  }),
  'BestKnown',
)
/** All committed results. */
export type BestKnown = t.TypeOf<typeof BestKnown>

/** The results in a folder; empty if there are none. */
export const bestKnown = (folder = groupsFolder): BestKnown => {
  const path = join(folder, bestKnownFile)
  if (!existsSync(path)) return { script: 'test/bench/bestKnown.ts', implicit: [], long: [] }
  const found = decode(BestKnown)(JSON.parse(readFileSync(path, 'utf8')))
  if (E.isLeft(found)) throw new Error(`${path}: ${found.left}`)
  return found.right
}
