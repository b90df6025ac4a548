/** docs/embedding.md and docs/replay.md: their code runs, and what they say of logs is so. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run } from '../../docs/examples/ownLoop.js'
import { recorded } from '../../docs/examples/recording.js'
import { remembered } from '../../src/core/log/logVectors.js'
import { longestPlain } from '../../src/core/codec/packedVector.js'
import { limits, packedVersion, version } from '../../src/core/log/RunLog.js'
import { bodiesOf, recordedRuns, sealed, textOf } from '../support/logText.js'
import { withFolder } from '../support/recordedRun.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const published = (path: string): string =>
  read(path)
    .replace("'../../src/core/index.js'", "'bilevel-hpo'")
    .replace("'../../src/shell/runs.js'", "'bilevel-hpo/runs'")

describe('docs/embedding.md', () => {
  it('shows the examples that are run here', () => {
    const blocks = [...read('docs/embedding.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
      ([, block]) => block,
    )
    expect(blocks).toEqual(['ownLoop', 'recording'].map(name => published(`docs/examples/${name}.ts`)))
  })

  it('has a loop that finds the optimum, ln 0.5', () => {
    const rows = run()?.rows ?? []
    const found = rows.find(({ name }) => name === 'bilevel')
    expect(found?.lambda[0]).toBeCloseTo(Math.log(0.5), 1)
    // Validation says 2; what is left of the loss is what ε leaves.
    expect(found?.trained?.validation.loss).toBeLessThan(1e-3)
  })

  it('has a recording that replays, and that is gone on with wherever it was cut', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      const { outcome, replayed } = await recorded(path)
      expect(outcome.stopReason).toBe('converged')
      expect(replayed).toMatchObject({ halted: true, checked: 'decisions', torn: null })
      const whole = readFileSync(path, 'utf8')
      const lines = whole.split('\n').length - 1
      // Within the first solves, whose weights a new process does not need.
      for (const length of [0, 1, 90, 400].map(more => whole.indexOf('\n', 3000) + more)) {
        writeFileSync(path, whole.slice(0, length))
        const again = await recorded(path)
        expect(again.replayed.halted).toBe(true)
        expect(
          readFileSync(path, 'utf8').startsWith(whole.slice(0, whole.lastIndexOf('\n', length - 1) + 1)),
        ).toBe(true)
      }
      expect(lines).toBeGreaterThan(30)
      // Another run's log is left alone.
      writeFileSync(path, sealed(bodiesOf(whole.replace('one weight', 'two weights'))))
      await expect(recorded(path)).rejects.toThrow(/holds another run: field `problem\.model`/)
    }))
})

describe('docs/replay.md', () => {
  const text = read('docs/replay.md')
  const fieldsUnder = (heading: string): ReadonlyArray<string> =>
    [...(text.split(heading)[1]?.trimStart().split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)`/gm)].map(
      ([, name]) => name ?? '',
    )

  it('has the fields of the header and of a record, in their order', () => {
    const [header = '', record = ''] = bodiesOf(textOf(recordedRuns[0]?.folder ?? ''))
    expect(fieldsUnder('Line 1 is the header:')).toEqual(Object.keys(JSON.parse(header) as object))
    expect(fieldsUnder('Line n + 2 is the record of step n:')).toEqual(
      Object.keys(JSON.parse(record) as object),
    )
  })

  it('has the limits and the version', () => {
    for (const limit of [limits.length, limits.entries, limits.depth])
      expect(text).toContain(limit.toLocaleString('en-US'))
    expect(text).toContain(`reads versions ${version} and ${packedVersion} `)
    expect(text).toContain(`more than ${longestPlain} components`)
    expect(text).toContain(`latest ${remembered}`)
  })
})
