/** The reference is made of all the public surface, and is whole. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
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

describe('the reference', () => {
  it('is made of the sources of every entry', () => {
    const { entryPoints } = JSON.parse(readFileSync(join(root, 'typedoc.json'), 'utf8')) as {
      readonly entryPoints: ReadonlyArray<string>
    }
    expect([...entryPoints].sort()).toEqual([...entries].sort())
  })

  // TypeDoc takes half a minute.
  it.runIf(deep)('has no link that leads nowhere', async () => {
    const typedoc = join(root, 'node_modules/typedoc/bin/typedoc')
    await promisify(execFile)(process.execPath, [typedoc, '--emit', 'none', '--treatWarningsAsErrors'], {
      cwd: root,
    })
  })
})
