/**
 * Every public symbol has an example, and every example runs.
 *
 * A value (a function, a constant, a codec, a method) needs an example of its own, in its docstring. A type needs one, or
 * has to appear in one: as the type of an expression, of an argument, or as a part of such a type.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as core from '../../src/core/index.js'
import * as laws from '../../src/core/laws/index.js'
import * as shell from '../../src/shell/index.js'
import * as runs from '../../src/shell/runs.js'
import { claimsOf, entries, exported, publicSymbols, run, typesOf } from './examples.js'

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
      ({ isValue, examples, symbol }) => !isValue && examples.length === 0 && !types.appears(symbol),
    )
    expect(bare.map(({ name }) => name)).toEqual([])
  })

  it('name their symbol, state a result and are 2 to 12 lines', () => {
    const poor = examples.filter(({ symbol, code }) => {
      const lines = code.split('\n').filter(line => line.trim() !== '').length
      const named = new RegExp(`\\b${symbol.split('.').at(-1)!}\\b`).test(code)
      return !named || claimsOf(code) === 0 || lines < 2 || lines > 12
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
  beforeAll(() => process.chdir(folder))
  afterAll(() => {
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  })
  it.each(examples)('$name gives what it states', run(load))
})
