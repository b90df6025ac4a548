/** The built core alone: it loads no tensors, no files, nothing of the shell. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { root, startNode, type Ended } from './support.js'

/** A resolve hook that refuses what `pattern` matches, whoever imports it. */
const hook = (pattern: RegExp): string =>
  `data:text/javascript,${encodeURIComponent(
    `export const resolve = async (specifier, context, next) => {
       const resolved = await next(specifier, context)
       if (${pattern.toString()}.test(resolved.url)) throw new Error('REFUSED ' + resolved.url)
       return resolved
     }`,
  )}`

/** Imports modules in a process of their own, and says which CommonJS files came with them. */
const importing = (modules: ReadonlyArray<string>, pattern: RegExp): Promise<Ended> =>
  startNode([
    '--input-type=module',
    '--eval',
    `import { register, createRequire } from 'node:module'
     register(${JSON.stringify(hook(pattern))})
     for (const url of ${JSON.stringify(modules)}) await import(url)
     console.log(JSON.stringify(Object.keys(createRequire(process.cwd() + '/x.js').cache)))`,
  ]).ended

const built = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, 'dist', folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.js'))
    .map(entry => pathToFileURL(join(entry.parentPath, entry.name)).href)

const impure = /@tensorflow|tfjs|\/dist\/shell\/|^node:(fs|net|http|child_process|worker_threads|os|crypto)/

describe('the built core alone', () => {
  it('imports no tfjs, nothing of the shell and nothing that acts', async () => {
    const core = built('core').filter(url => !url.includes('/core/laws/'))
    expect(core.length).toBeGreaterThan(20)
    const { code, out, err } = await importing(core, impure)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('fp-ts')
    expect(out).not.toMatch(/tensorflow|tfjs/)
  })

  it('would be caught if it did', async () => {
    const shell = built('shell').filter(url => url.endsWith('/backend/loadBackend.js'))
    expect(shell).toHaveLength(1)
    const { code, err } = await importing(shell, impure)
    expect(code).toBe(1)
    expect(err).toMatch(/REFUSED/)
  })
})
