/** Every public symbol has a docstring, and the reference that is made of them is whole. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { deep } from '../support/cases.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>
}

/** The sources of the package's entries. */
const entries = Object.values(exports).flatMap(target =>
  typeof target === 'string'
    ? []
    : [target.types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts')],
)

const program = ts.createProgram(
  entries.map(entry => join(root, entry)),
  {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
  },
)
const checker = program.getTypeChecker()

interface Public {
  /** As a reader finds it: `bilevel-hpo: Lbfgs.minimize`. */
  readonly name: string
  readonly documented: boolean
}

const isInternal = (symbol: ts.Symbol): boolean =>
  symbol.getJsDocTags(checker).some(({ name }) => name === 'internal')

/** A file's own comment, by which an entry or a namespace is described. */
const fileComment = (file: ts.SourceFile): boolean => /^\/\*\*[\s\S]*? @module\b/.test(file.text)

/** What a module exports, whole modules that it exports under a name included. */
const publicOf = (module: ts.Symbol, prefix: string): ReadonlyArray<Public> =>
  checker.getExportsOfModule(module).flatMap(exported => {
    const symbol =
      (exported.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(exported) : exported
    const name = prefix + exported.name
    const file = symbol.declarations?.find(ts.isSourceFile)
    if (file !== undefined) return [{ name, documented: fileComment(file) }, ...publicOf(symbol, `${name}.`)]
    return isInternal(symbol)
      ? []
      : [{ name, documented: symbol.getDocumentationComment(checker).length > 0 }]
  })

describe('the public surface', () => {
  it.each(entries)('of %s has a docstring for each symbol', entry => {
    const file = program.getSourceFile(join(root, entry))
    const module = file && checker.getSymbolAtLocation(file)
    if (file === undefined || module === undefined) throw new Error(`${entry} is no module`)
    const found = publicOf(module, `${relative('src', entry)}: `)
    expect(found.length).toBeGreaterThan(10)
    expect(fileComment(file)).toBe(true)
    expect(found.filter(({ documented }) => !documented).map(({ name }) => name)).toEqual([])
  })

  it('is what the reference is made of', () => {
    const { entryPoints } = JSON.parse(readFileSync(join(root, 'typedoc.json'), 'utf8')) as {
      readonly entryPoints: ReadonlyArray<string>
    }
    expect([...entryPoints].sort()).toEqual([...entries].sort())
  })

  // TypeDoc takes half a minute.
  it.runIf(deep)('makes a reference with no link that leads nowhere', async () => {
    const typedoc = join(root, 'node_modules/typedoc/bin/typedoc')
    await promisify(execFile)(process.execPath, [typedoc, '--emit', 'none', '--treatWarningsAsErrors'], {
      cwd: root,
    })
  })
})
