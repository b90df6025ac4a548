/**
 * The examples in the docstrings of the public symbols: finds them, checks their types and runs them.
 *
 * An example is a TypeScript block under `@example`. It states results in comments at the end of a statement:
 *
 *     expression // => value    the same as the value, deeply
 *     expression // ≈ value     the same with each number within one part in a thousand
 */
import { deepStrictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What users import, and the source of it. */
export const entries: Readonly<Record<string, string>> = {
  'bilevel-hpo': 'src/core/index.ts',
  'bilevel-hpo/laws': 'src/core/laws/index.ts',
  'bilevel-hpo/runs': 'src/shell/runs.ts',
  'bilevel-hpo/shell': 'src/shell/index.ts',
}

export interface Example {
  /** As a reader finds it: `bilevel-hpo: Rng.uniform`. */
  readonly name: string
  /** `Rng.uniform`. */
  readonly symbol: string
  readonly code: string
  /** Where the docstring is. */
  readonly place: string
}

export interface Public {
  readonly name: string
  /** Whether it exists at run time; a type alone does not. */
  readonly isValue: boolean
  /** A whole module that is exported under a name, or an entry. Its file describes it. */
  readonly isModule: boolean
  readonly documented: boolean
  readonly symbol: ts.Symbol
  readonly examples: ReadonlyArray<Example>
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noUnusedLocals: true,
  skipLibCheck: true,
  noEmit: true,
  paths: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, [join(root, path)]])),
}

const isInternal = (checker: ts.TypeChecker, symbol: ts.Symbol): boolean =>
  symbol.getJsDocTags(checker).some(({ name }) => name === 'internal')

/** The node that bears the docstring of a declaration. */
const documented = (declaration: ts.Declaration): ts.Node =>
  ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration

/** The blocks under `@example` in the comment before a declaration. */
const blocksOf = (declaration: ts.Declaration): ReadonlyArray<string> => {
  const node = documented(declaration)
  const { text } = node.getSourceFile()
  const comments = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []
  const own = comments[comments.length - 1]
  if (own === undefined) return []
  const lines = text
    .slice(own.pos + 3, own.end - 2)
    .split('\n')
    .map(line => line.replace(/^\s*\* ?/, ''))
    .join('\n')
  return [...lines.matchAll(/@example\n```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
}

/** Whether a name is exported as a type only, whatever it stands for. */
const asTypeOnly = (exported: ts.Symbol): boolean =>
  exported.declarations?.some(
    declaration =>
      ts.isExportSpecifier(declaration) && (declaration.isTypeOnly || declaration.parent.parent.isTypeOnly),
  ) === true

/** A module, which its file's own comment describes. */
const moduleOf = (name: string, symbol: ts.Symbol, file: ts.SourceFile): Public => ({
  name,
  isValue: false,
  isModule: true,
  documented: /^\/\*\*[\s\S]*? @module\b/.test(file.text),
  symbol,
  examples: [],
})

/** All that a module exports, whole modules that it exports under a name included. */
const publicOf = (
  checker: ts.TypeChecker,
  module: ts.Symbol,
  entry: string,
  prefix: string,
): ReadonlyArray<Public> =>
  checker.getExportsOfModule(module).flatMap((exported): ReadonlyArray<Public> => {
    const symbol =
      (exported.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(exported) : exported
    const path = prefix + exported.name
    const declarations = symbol.declarations ?? []
    const name = `${entry}: ${path}`
    const file = declarations.find(ts.isSourceFile)
    if (file !== undefined)
      return [moduleOf(name, symbol, file), ...publicOf(checker, symbol, entry, `${path}.`)]
    if (isInternal(checker, symbol)) return []
    return [
      {
        name,
        isValue: (symbol.flags & ts.SymbolFlags.Value) !== 0 && !asTypeOnly(exported),
        isModule: false,
        documented: symbol.getDocumentationComment(checker).length > 0,
        symbol,
        examples: declarations.flatMap(declaration =>
          blocksOf(declaration).map((code, i) => ({
            name: i === 0 ? name : `${name} (${i + 1})`,
            symbol: path,
            code,
            place: relative(root, declaration.getSourceFile().fileName),
          })),
        ),
      },
    ]
  })

/** A program over the entries, with other texts as further files. */
const programOf = (texts: ReadonlyMap<string, string>, old?: ts.Program): ts.Program => {
  const host = ts.createCompilerHost(options)
  const sources = new Map<string, ts.SourceFile>(
    old?.getSourceFiles().map(file => [file.fileName, file] as const) ?? [],
  )
  const rootNames = [...Object.values(entries).map(entry => join(root, entry)), ...texts.keys()]
  return ts.createProgram(
    rootNames,
    options,
    {
      ...host,
      fileExists: path => texts.has(path) || host.fileExists(path),
      readFile: path => texts.get(path) ?? host.readFile(path),
      getSourceFile: (path, language) => {
        const text = texts.get(path)
        return text === undefined
          ? (sources.get(path) ?? host.getSourceFile(path, language))
          : ts.createSourceFile(path, text, language, true)
      },
    },
    old,
  )
}

/** The public symbols of all entries; each is listed once, under the first entry that has it. */
export const publicSymbols = (): {
  readonly program: ts.Program
  readonly symbols: ReadonlyArray<Public>
} => {
  const program = programOf(new Map())
  const checker = program.getTypeChecker()
  const seen = new Set<ts.Symbol>()
  const symbols = Object.entries(entries).flatMap(([entry, path]) => {
    const file = program.getSourceFile(join(root, path))
    const module = file && checker.getSymbolAtLocation(file)
    if (file === undefined || module === undefined) throw new Error(`${path} is no module`)
    return [moduleOf(entry, module, file), ...publicOf(checker, module, entry, '')].filter(({ symbol }) => {
      const isNew = !seen.has(symbol)
      seen.add(symbol)
      return isNew
    })
  })
  return { program, symbols }
}

const placeOf = (symbol: ts.Symbol): string => {
  const [first] = symbol.declarations ?? []
  return first === undefined ? '' : `${first.getSourceFile().fileName}:${symbol.name}`
}

/** Where the types that a type is made of are declared: itself, its alias, its arguments, the members of a union. */
const declaredBy = (checker: ts.TypeChecker, type: ts.Type, found: Set<string>, depth = 0): void => {
  if (depth > 6) return
  for (const symbol of [type.aliasSymbol, type.getSymbol()])
    if (symbol !== undefined) found.add(placeOf(symbol))
  const parts = [
    ...(type.aliasTypeArguments ?? []),
    ...((type.flags & ts.TypeFlags.Object) !== 0 ? checker.getTypeArguments(type as ts.TypeReference) : []),
    ...(type.isUnionOrIntersection() ? type.types : []),
    ...type
      .getCallSignatures()
      .flatMap(signature => [
        signature.getReturnType(),
        ...signature.parameters.map(parameter => checker.getTypeOfSymbol(parameter)),
      ]),
  ]
  for (const part of parts) declaredBy(checker, part, found, depth + 1)
}

/** What the claims of an example become. */
const claims = `
declare const __equal: (actual: unknown, expected: unknown) => void
declare const __near: (actual: unknown, expected: unknown) => void
`

/** What is wrong with the types of the examples, and the declared types that appear in them. */
export const typesOf = (
  examples: ReadonlyArray<Example>,
  program: ts.Program,
): { readonly faults: ReadonlyArray<string>; readonly appears: (symbol: ts.Symbol) => boolean } => {
  const paths = examples.map((_, i) => join(root, `docs/examples/docstring-${i}.ts`))
  const texts = new Map([
    ...examples.map(({ code }, i) => [paths[i]!, `${asserting(code)}\nexport {}\n`] as const),
    [join(root, 'docs/examples/docstring-claims.d.ts'), claims],
  ])
  const checked = programOf(texts, program)
  const checker = checked.getTypeChecker()
  const found = new Set<string>()
  const faults = examples.flatMap(({ name }, i) => {
    const file = checked.getSourceFile(paths[i]!)!
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node)) return
      const named = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined
      if (named !== undefined)
        found.add(
          placeOf((named.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(named) : named),
        )
      if (ts.isExpression(node) || ts.isTypeNode(node)) {
        declaredBy(checker, checker.getTypeAtLocation(node), found)
        const contextual = ts.isExpression(node) ? checker.getContextualType(node) : undefined
        if (contextual !== undefined) declaredBy(checker, contextual, found)
      }
      ts.forEachChild(node, visit)
    }
    visit(file)
    return [...checked.getSyntacticDiagnostics(file), ...checked.getSemanticDiagnostics(file)].map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
  })
  return { faults, appears: symbol => found.has(placeOf(symbol)) }
}

const near = (actual: unknown, expected: unknown, path = ''): void => {
  if (typeof actual === 'number' && typeof expected === 'number') {
    if (!(Math.abs(actual - expected) <= 1e-3 * Math.abs(expected)))
      throw new Error(`${path === '' ? 'The number' : path} is ${actual}, not near ${expected}`)
  } else if (
    typeof actual === 'object' &&
    typeof expected === 'object' &&
    actual !== null &&
    expected !== null
  ) {
    deepStrictEqual(Object.keys(actual), Object.keys(expected))
    for (const [key, value] of Object.entries(expected))
      near((actual as Readonly<Record<string, unknown>>)[key], value, `${path}.${key}`)
  } else deepStrictEqual(actual, expected)
}

const claim = /\/\/ (=>|≈) (.*)$/

/** How many results an example states. */
export const claimsOf = (code: string): number => code.split('\n').filter(line => claim.test(line)).length

/** The example's text with its claims as calls. */
const asserting = (code: string): string => {
  const file = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true)
  return file.statements
    .map(statement => {
      const text = statement.getText(file)
      const line = code.slice(statement.end).split('\n')[0]!
      const [, relation, expected] = claim.exec(line) ?? []
      if (expected === undefined) return text
      const check = relation === '=>' ? '__equal' : '__near'
      if (ts.isExpressionStatement(statement))
        return `${check}((${statement.expression.getText(file)}), (${expected}))`
      if (ts.isVariableStatement(statement)) {
        const [declared] = statement.declarationList.declarations
        if (declared !== undefined) return `${text}\n;${check}(${declared.name.getText(file)}, (${expected}))`
      }
      throw new Error(`A result can be stated of an expression or a constant, not of: ${text}`)
    })
    .map(text => `${text}\n;`)
    .join('\n')
}

const specifiersOf = (code: string): ReadonlyArray<string> =>
  ts.preProcessFile(code, true).importedFiles.map(({ fileName }) => fileName)

type Load = (specifier: string) => Promise<unknown>

/** Runs an example; `load` gives the modules that it imports. */
export const run =
  (load: Load) =>
  async ({ code }: Example): Promise<void> => {
    const { outputText } = ts.transpileModule(asserting(code), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    })
    const modules = new Map<string, unknown>()
    for (const specifier of specifiersOf(code)) modules.set(specifier, await load(specifier))
    const AsyncFunction = (async () => Promise.resolve()).constructor as new (
      ...text: ReadonlyArray<string>
    ) => (...values: ReadonlyArray<unknown>) => Promise<void>
    const body = new AsyncFunction('require', 'exports', '__equal', '__near', outputText)
    await body((specifier: string) => modules.get(specifier), {}, deepStrictEqual, near)
  }

/** The package's own list of entries. */
export const exported = (): ReadonlyArray<string> => {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly name: string
    readonly exports: Readonly<Record<string, unknown>>
  }
  return Object.keys(exports)
    .filter(key => key !== './package.json')
    .map(key => name + key.slice(1))
    .sort()
}
