/** Which files a process of the built program, or of a script that imports an entry, has loaded when it ends. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as t from 'io-ts'
import { root, startNode, type Ended } from './support.js'

const script = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`

/** Notes what imports resolve to, and at the end what was required. */
const noting = (path: string): string => {
  const hook = script(
    `import { appendFileSync } from 'node:fs'
     export const resolve = async (specifier, context, next) => {
       const resolved = await next(specifier, context)
       appendFileSync(${JSON.stringify(path)}, resolved.url + '\\n')
       return resolved
     }`,
  )
  return script(
    `import { appendFileSync } from 'node:fs'
     import { createRequire, register } from 'node:module'
     register(${JSON.stringify(hook)})
     const { cache } = createRequire(${JSON.stringify(join(root, 'package.json'))})
     process.on('exit', () => {
       for (const file of Object.keys(cache)) appendFileSync(${JSON.stringify(path)}, file + '\\n')
     })`,
  )
}

export interface Loading extends Ended {
  /** Paths of files, and `node:` names. */
  readonly loaded: ReadonlyArray<string>
}

/** Runs Node with these arguments; `notes`: a file for what it loads, which must not be there. */
export const loading = async (notes: string, args: ReadonlyArray<string>): Promise<Loading> => {
  const ended = await startNode(['--import', noting(notes), ...args]).ended
  const lines = existsSync(notes) ? readFileSync(notes, 'utf8').trimEnd().split('\n') : []
  const paths = lines
    .filter(line => !line.startsWith('data:'))
    .map(line => (line.startsWith('file:') ? fileURLToPath(line) : line))
  return { ...ended, loaded: [...new Set(paths)] }
}

/** Imports a module in a process of its own. */
export const importing = (notes: string, path: string): Promise<Loading> =>
  loading(notes, ['--input-type=module', '--eval', `await import(${JSON.stringify(path)})`])

const SourceMap = t.type({ sources: t.array(t.string) })

/** The sources that a bundle is made of, by its map. */
export const sourcesOf = (bundle: string): ReadonlyArray<string> => {
  const path = `${bundle}.map`
  if (!existsSync(path)) return []
  const map: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!SourceMap.is(map)) throw new Error(`${path} is no source map`)
  return map.sources.map(source => join(dirname(path), source))
}
