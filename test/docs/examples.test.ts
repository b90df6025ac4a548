/**
 * Every public symbol has a docstring with an example, and every example runs.
 *
 * A value (a function, a constant, a codec, a method) needs an example of its own, in its docstring. A type needs one, or
 * has to appear in one: by name, as the type of an expression, of an argument, or as a part of such a type.
 *
 * Examples run in a folder of their own. It holds `images.idx` and `labels.idx`, a `config.json` that trains on them, a
 * recorded run `run` (docs/examples/main-run) and a `comparison` (docs/results/compare/mnist-mlp-1k).
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as core from '../../src/core/index.js'
import * as laws from '../../src/core/laws/index.js'
import * as shell from '../../src/shell/index.js'
import * as runs from '../../src/shell/runs.js'
import { claimsOf, entries, exported, publicSymbols, root, run, typesOf } from './examples.js'

/** Examples that are checked by the compiler only, and why. */
const notRun: Readonly<Record<string, string>> = {
  'bilevel-hpo/shell: serveComparison':
    'it takes over the process that calls it; test/shell/compare/compare.test.ts has one of its own for it',
}

/** 60 images of 3×3 pixels: those of the class 1 are brighter. */
const writeImages = (folder: string): void => {
  const labels = Array.from({ length: 60 }, (_, i) => i % 2)
  const pixels = labels.flatMap((label, i) =>
    Array.from({ length: 9 }, (_, k) => 40 + 120 * label + ((7 * i + 13 * k) % 40)),
  )
  writeFileSync(
    join(folder, 'images.idx'),
    Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 60, 0, 0, 0, 3, 0, 0, 0, 3, ...pixels),
  )
  writeFileSync(join(folder, 'labels.idx'), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 60, ...labels))
}

/** A run on them that takes a blink. */
const config = {
  data: { source: 'idx', images: 'images.idx', labels: 'labels.idx', train: 30, validation: 20, classes: 2 },
  network: { kind: 'linear' },
  hyperparameters: { family: 'l2', per: 'model' },
  solver: { epochs: 2, batchSize: 10 },
  method: { name: 'random', budget: { lowerLevelSolves: 2 }, solve: { coldEpochs: 5 } },
  seed: 0,
}

const { program, symbols } = publicSymbols()
const examples = symbols.flatMap(symbol => symbol.examples)
const types = typesOf(examples, program)

const own: Readonly<Record<string, unknown>> = {
  'bilevel-hpo': core,
  'bilevel-hpo/laws': laws,
  'bilevel-hpo/runs': runs,
  'bilevel-hpo/shell': shell,
}
const load = async (specifier: string): Promise<unknown> =>
  own[specifier] ?? ((await import(/* @vite-ignore */ specifier)) as unknown)

describe('the public symbols', () => {
  it.each(Object.keys(entries))('of %s have a docstring each', entry => {
    const own = symbols.filter(({ name }) => name === entry || name.startsWith(`${entry}: `))
    expect(own.length).toBeGreaterThan(10)
    expect(own.filter(({ documented }) => !documented).map(({ name }) => name)).toEqual([])
  })
})

describe('the examples of the public symbols', () => {
  it('are of the entries that the package has', () => {
    expect(Object.keys(entries).sort()).toEqual(exported())
    expect(Object.keys(own).sort()).toEqual(exported())
  })

  it('show every value', () => {
    const bare = symbols.filter(({ isValue, examples }) => isValue && examples.length === 0)
    expect(bare.map(({ name }) => name)).toEqual([])
  })

  it('show every type, or have it appear', () => {
    const bare = symbols.filter(
      ({ isValue, isModule, examples, symbol }) =>
        !isValue && !isModule && examples.length === 0 && !types.appears(symbol),
    )
    expect(bare.map(({ name }) => name)).toEqual([])
  })

  it('use their symbol, state a result and are 2 to 13 lines', () => {
    const poor = examples.filter(({ name, symbol, code }) => {
      const lines = code.split('\n').filter(line => line.trim() !== '').length
      const used = code.replace(/^import .*$/gm, '')
      const named = new RegExp(`\\b${symbol.split('.').at(-1)!}\\b`).test(used)
      if (notRun[name] !== undefined) return !named
      return !named || claimsOf(code) === 0 || lines < 2 || lines > 13
    })
    expect(poor.map(({ name }) => name)).toEqual([])
  })

  it('have no type errors', () => {
    expect(types.faults).toEqual([])
  })
})

describe('the example of', () => {
  const before = process.cwd()
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-examples-'))
  beforeAll(() => {
    process.chdir(folder)
    writeImages(folder)
    writeFileSync('config.json', JSON.stringify(config))
    cpSync(join(root, 'docs/examples/main-run'), 'run', { recursive: true })
    cpSync(join(root, 'docs/results/compare/mnist-mlp-1k'), 'comparison', { recursive: true })
  })
  afterAll(() => {
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  })
  it.each(examples.filter(({ name }) => notRun[name] === undefined))('$name gives what it states', run(load))
})
