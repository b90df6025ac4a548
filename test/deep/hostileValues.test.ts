/** 100,000 hostile observations and configurations: only refusals with a message, and none that takes long or much. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { seed } from '../support/cases.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Found {
  readonly tried: number
  readonly faults: ReadonlyArray<string>
  /** Processor time, which other processes do not change. */
  readonly slowest: { readonly seconds: number; readonly what: string }
  readonly megabytes: number
}

it('no hostile value makes a method throw, or costs a second or 300 MB', async () => {
  // A case that needs more memory than the limit of the heap ends the process, and the test.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--max-old-space-size=300', '--import', 'tsx', 'test/tools/fuzz.ts', '100000', String(seed)],
    { cwd: root },
  )
  console.log(`Seed ${seed}: ${stdout}`)
  const found = JSON.parse(stdout) as Found
  expect(found.faults).toEqual([])
  expect(found.tried).toBeGreaterThanOrEqual(100_000)
  // A whole run of extreme losses is one case; it has dozens of steps.
  expect(found.slowest.seconds, found.slowest.what).toBeLessThan(1)
  // The program itself takes some 150.
  expect(found.megabytes).toBeLessThan(450)
})
