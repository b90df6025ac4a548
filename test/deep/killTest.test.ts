/** The main job, killed and resumed as test/bench/killTest.ts does it; only `npm run test:deep` comes here. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { seed } from '../support/cases.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kills = 12

it('the main job ends with the same bytes, however it is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-kill-test-'))
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--import',
        'tsx',
        'test/bench/killTest.ts',
        String(kills),
        String(seed),
        join(folder, 'kill-test.md'),
      ],
      { cwd: root },
    )
    console.log(`Seed ${seed} of the moments:\n${stdout}`)
    expect(stdout).toContain(`${kills} of ${kills} as if they had not been killed.`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
