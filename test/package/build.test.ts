/** What `npm start` relies on: bundles that are made anew where a source changed, and only there. In a copy of the project. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deep } from '../support/cases.js'
import { root, succeed } from './support.js'

const project = mkdtempSync(join(tmpdir(), 'bilevel-build-'))
const dist = join(project, 'dist')
afterAll(() => rmSync(project, { recursive: true, force: true }))

const build = (...args: ReadonlyArray<string>): Promise<string> =>
  succeed(process.execPath, ['build.js', ...args], project)

const names = (): ReadonlyArray<string> =>
  readdirSync(dist).filter(name => name.endsWith('.js') || name.endsWith('.map'))
const contents = (): Readonly<Record<string, string>> =>
  Object.fromEntries(names().map(name => [name, readFileSync(join(dist, name), 'utf8')]))
const time = (name: string): number => statSync(join(dist, name)).mtimeMs
const versionOf = (): Promise<string> => succeed(process.execPath, ['dist/bilevel.js', '--version'], project)

beforeAll(async () => {
  for (const name of ['build.js', 'package.json', 'package-lock.json', 'src'])
    cpSync(join(root, name), join(project, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))
  await build()
})

describe('the build', () => {
  it('makes what runs, where nothing was', async () => {
    expect(names()).toContain('bilevel.js')
    expect(await versionOf()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('does nothing where nothing changed', async () => {
    const before = time('bilevel.js')
    await build()
    expect(time('bilevel.js')).toBe(before)
  })

  it('sees a source that changed, was added or is gone, and keeps the bundles that a run may still load', async () => {
    const before = contents()
    appendFileSync(join(project, 'src/core/index.ts'), "\nexport { marked } from './marked.js'\n")
    appendFileSync(join(project, 'src/core/marked.ts'), "export const marked = 'as edited'\n")
    await build()
    const index = (): string => readFileSync(join(dist, 'index.js'), 'utf8')
    expect(index()).toContain('marked')
    expect(Object.values(contents()).join()).toContain('as edited')
    expect(names()).toEqual(expect.arrayContaining(Object.keys(before)))
    rmSync(join(project, 'src/core/marked.ts'))
    await expect(build()).rejects.toThrow('marked')
    cpSync(join(root, 'src/core/index.ts'), join(project, 'src/core/index.ts'))
    if (deep) {
      await build()
      expect(index()).toBe(before['index.js'])
    }
    // The same sources give the same bytes.
    mkdirSync(join(dist, 'types'))
    await build('--clean')
    expect(contents()).toEqual(before)
    // Declarations are not the bundler's to remove.
    expect(readdirSync(dist)).toContain('types')
  })
})
