/** CONTRIBUTING.md, SECURITY.md and CHANGELOG.md: what they name exists, and what they say of limits is the code's. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { limits } from '../../src/core/log/RunLog.js'
import { maxFileBytes, maxPixels } from '../../src/shell/data/formats/limits.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Every module of the sources, parsed. */
const sources = ts.sys
  .readDirectory(join(root, 'src'), ['.ts'], ['**/assembly'])
  .map(path => ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true))

const callsIn = (file: ts.SourceFile): ReadonlyArray<ts.CallExpression | ts.NewExpression> => {
  const found: Array<ts.CallExpression | ts.NewExpression> = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}
const calls = sources.flatMap(file => callsIn(file).map(call => ({ file, call })))

describe.each(['CONTRIBUTING.md', 'SECURITY.md', 'docs/walkthrough.md'])('%s', name => {
  const text = read(name)

  it('has links that lead somewhere, and is linked from the README', () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect(existsSync(resolve(root, dirname(name), target!)), target).toBe(true)
    expect(read('README.md')).toContain(`](${name})`)
  })

  it('names files that exist', () => {
    const paths = [...text.matchAll(/`((?:src|test|docs)\/[\w/.-]+)`/g)].map(([, path]) => path!)
    expect(paths.filter(path => !existsSync(join(root, path)))).toEqual([])
  })
})

describe('SECURITY.md', () => {
  const text = read('SECURITY.md')

  it('states the limits that the code has', () => {
    expect(limits).toMatchObject({ length: 4 * 2 ** 20, depth: 32, entries: 65_536 })
    expect(text).toContain('each at most 4 MiB, 32 levels, 65,536 entries a list')
    expect(read('src/shell/config/configSource.ts')).toContain(
      'length: 1024 * 1024, depth: 16, entries: 65_536',
    )
    expect(text).toContain('At most 1 MiB of JSON, 16 levels, 65,536 entries a list')
    expect(maxPixels).toBe(2 ** 28)
    expect(Math.round(maxFileBytes / 2 ** 20)).toBe(1024)
    expect(text).toContain('At most 1 GiB and 2^28 pixel values')
  })

  it('is right that no text is executed', () => {
    const evaluated = calls.filter(({ call, file }) =>
      ['eval', 'Function'].includes(call.expression.getText(file)),
    )
    expect(evaluated.map(({ file }) => file.fileName)).toEqual([])
  })

  it('is right that modules are imported by constant names', () => {
    const variable = calls.flatMap(({ file, call }) => {
      const [name] = call.arguments ?? []
      if (call.expression.kind !== ts.SyntaxKind.ImportKeyword || name === undefined) return []
      if (ts.isStringLiteral(name)) return []
      const constant = new RegExp(`const ${name.getText(file)}: string = '[^']+'`).test(file.text)
      return constant ? [] : [`${file.fileName.slice(root.length)}: ${call.getText(file)}`]
    })
    expect(variable).toEqual([])
  })

  it('is right about what opens a connection', () => {
    const modules = sources.flatMap(file =>
      ts
        .preProcessFile(file.text, true)
        .importedFiles.map(({ fileName }) => `${fileName}: ${file.fileName.slice(root.length)}`),
    )
    const network = modules.filter(line =>
      /^(node:(http|https|http2|net|tls|dgram)|undici|pacote):/.test(line),
    )
    const files = [...new Set(network.map(line => line.split(': ')[1]))]
    expect(files.every(file => file?.startsWith('src/shell/data/') === true)).toBe(true)
    expect(calls.filter(({ call, file }) => call.expression.getText(file) === 'fetch')).toEqual([])
  })
})

describe('CHANGELOG.md', () => {
  const text = read('CHANGELOG.md')
  const headings = [...text.matchAll(/^(##+) (.*)$/gm)].map(([, level, title]) => `${level!} ${title!}`)

  it('has the form of Keep a Changelog', () => {
    expect(headings[0]).toBe('## [Unreleased]')
    for (const heading of headings)
      expect(heading).toMatch(
        /^(## \[(Unreleased|\d+\.\d+\.\d+)\].*|### (Added|Changed|Deprecated|Removed|Fixed|Security))$/,
      )
  })

  it('has the version of the package', () => {
    const { version } = JSON.parse(read('package.json')) as { readonly version: string }
    expect(headings.some(heading => heading.startsWith(`## [${version}]`))).toBe(true)
  })
})
