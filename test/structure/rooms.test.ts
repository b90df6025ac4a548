/** The layout of `src`, held to the rules that docs/architecture.md states. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** TypeScript files of a folder, as paths from the root. AssemblyScript is another language, with imports of its own. */
const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
    .filter(path => !path.includes('/assembly/'))

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Import {
  readonly from: string
  readonly to: string
  /** The name of a namespace import or export, `* as Name`. */
  readonly namespace: string | null
  /** Whether only types cross. */
  readonly typeOnly: boolean
}

const importPattern =
  /(?:(?:import|export)\s+(?<type>type\s+)?(?:\*\s+as\s+(?<namespace>\w+)\s+|[^'"]*?)from\s+|import\()'(?<path>[^']+)'/g

const importsOf = (path: string): ReadonlyArray<Import> =>
  Array.from(textOf(path).matchAll(importPattern), ({ groups }) => ({
    from: path,
    to: groups!['path']!.startsWith('.')
      ? normalize(join(dirname(path), groups!['path']!)).replace(/\.js$/, '.ts')
      : groups!['path']!,
    namespace: groups!['namespace'] ?? null,
    typeOnly: groups!['type'] !== undefined,
  }))

const sources = filesIn('src')
const imports = sources.flatMap(importsOf)

/** `src/shell/data/formats/idx.ts` is in the room `shell/data`; entries such as `src/shell/index.ts` are in none. */
const roomOf = (path: string): string | null => {
  const [, floor, room, ...rest] = path.split('/')
  return rest.length === 0 ? null : `${floor!}/${room!}`
}

describe('rooms', () => {
  it('no room is reached from the rooms that it imports', () => {
    const arrows = new Map<string, Set<string>>()
    for (const { from, to } of imports) {
      const [a, b] = [roomOf(from), to.startsWith('src/') ? roomOf(to) : null]
      if (a !== null && b !== null && a !== b) arrows.set(a, (arrows.get(a) ?? new Set()).add(b))
    }
    expect(arrows.size).toBeGreaterThan(15)
    const circles: Array<string> = []
    const visit = (room: string, path: ReadonlyArray<string>): void => {
      for (const next of arrows.get(room) ?? []) {
        if (next === path[0]) circles.push([...path, next].join(' → '))
        else if (!path.includes(next)) visit(next, [...path, next])
      }
    }
    for (const room of arrows.keys()) visit(room, [room])
    expect(circles).toEqual([])
  })

  it('the core imports nothing of the shell', () => {
    expect(
      imports.filter(({ from, to }) => from.startsWith('src/core') && to.startsWith('src/shell')),
    ).toEqual([])
  })

  it('record reaches no code that trains', () => {
    const reached = new Set<string>(sources.filter(path => path.startsWith('src/shell/record/')))
    for (const path of reached)
      for (const { from, to, typeOnly } of imports) if (from === path && !typeOnly) reached.add(to)
    expect(
      [...reached].filter(path =>
        /^@tensorflow|^src\/shell\/(backend|data|model|train|work|run)\//.test(path),
      ),
    ).toEqual([])
  })

  it('src imports only packages that an installation has', () => {
    const stated: unknown = JSON.parse(textOf('package.json'))
    const installed = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap(kind =>
      Object.keys((stated as Readonly<Record<string, object>>)[kind]!),
    )
    const packageOf = (name: string): string => /^(@[^/]+\/)?[^/]+/.exec(name)![0]
    const packages = imports
      .filter(({ to, typeOnly }) => !typeOnly && !to.startsWith('src/') && !to.startsWith('node:'))
      .map(({ to }) => packageOf(to))
    expect(packages).toContain('fp-ts')
    // Examples in comments import the package itself.
    const own = 'bilevel-hpo'
    expect([...new Set(packages)].filter(name => name !== own && !installed.includes(name))).toEqual([])
  })

  it('a folder has few enough files to be taken in at a look', () => {
    const counts = new Map<string, number>()
    for (const path of sources) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
    expect([...counts].filter(([, count]) => count > 18)).toEqual([])
  })
})

describe('file names', () => {
  const inPascalCase = (path: string): boolean => /^[A-Z]/.test(basename(path))
  const users = new Map<string, Set<string>>()
  for (const { to, namespace } of [...imports, ...filesIn('test').flatMap(importsOf)])
    if (namespace !== null) users.set(to, (users.get(to) ?? new Set()).add(namespace))

  it('a file in PascalCase exports a type of its name, or is imported as a namespace of its name', () => {
    const wrong = sources.filter(inPascalCase).filter(path => {
      const name = basename(path, '.ts')
      const exported = new RegExp(
        `^export (?:declare )?(?:abstract )?(?:interface|type|class) ${name}\\b`,
        'm',
      )
      return !exported.test(textOf(path)) && users.get(path)?.has(name) !== true
    })
    expect(wrong).toEqual([])
  })

  it('a file in camelCase exports no type of its name in PascalCase', () => {
    const wrong = sources
      .filter(path => !inPascalCase(path))
      .filter(path => {
        const name = basename(path, '.ts')
        const type = name.charAt(0).toUpperCase() + name.slice(1)
        return new RegExp(`^export (?:interface|type|class) ${type}\\b`, 'm').test(textOf(path))
      })
    expect(wrong).toEqual([])
  })
})
