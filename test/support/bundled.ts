/**
 * A worker for threads or processes of a test, in one file: they do not inherit the TypeScript loader, and would spend more time on
 * reading sources than on the work.
 */
import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Packages that are loaded as they are: their own files, or optional. */
const external = '@tensorflow/* fast-png fflate ml-matrix pacote tar vega vega-lite yauzl'.split(' ')

/** The path of a source's bundle, which is there while the tests of the file run. The source is relative to the project. */
export const bundled = (source: string): string => {
  const outfile = `${root}node_modules/.cache/bilevel-test/${basename(source, '.ts')}-${process.pid}.mjs`
  beforeAll(async () => {
    await build({
      entryPoints: [`${root}${source}`],
      outfile,
      bundle: true,
      external,
      platform: 'node',
      format: 'esm',
    })
  })
  afterAll(() => rmSync(outfile, { force: true }))
  return outfile
}
