/** What may befall a run on its way: training that diverges, Ctrl-C. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { Observation } from '../../src/core/protocol/Observation.js'
import { deep } from '../support/cases.js'
import {
  listing,
  readJson,
  scratch,
  smallConfig,
  startBilevel,
  writeConfig,
  type Ended,
  carryOut,
} from './support.js'

const folder = scratch()

const observations = (run: string): ReadonlyArray<Observation> =>
  readFileSync(join(run, 'run.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(2)
    .map(line => {
      const decoded = t.type({ observation: Observation }).decode(JSON.parse(line))
      if (E.isLeft(decoded)) throw new Error(`no observation: ${line}`)
      return decoded.right.observation
    })

const Rows = t.type({ stopReason: t.string, rows: t.array(t.type({ trained: t.unknown })) })
const summary = (run: string): t.TypeOf<typeof Rows> => {
  const decoded = Rows.decode(readJson(join(run, 'summary.json')))
  if (E.isLeft(decoded)) throw new Error('no summary')
  return decoded.right
}

describe('training that diverges', () => {
  it('at some λ is a failed command each time, and the method goes on without it', async () => {
    // exp(λ)/(2N) is the penalty's curvature: from λ ≈ 8.5 on, the learning rate is too large for it.
    const config = writeConfig(join(folder, 'steep.json'), {
      ...smallConfig,
      hyperparameters: { per: 'model', lower: -4, upper: 16 },
      method: { ...smallConfig.method, design: { kind: 'grid', size: 5 } },
    })
    const run = join(folder, 'steep')
    const { code, out } = await carryOut(['tune', config, '--backend', 'wasm', '--out', run])
    expect(code).toBe(0)
    const failures = observations(run).filter(({ _tag }) => _tag === 'CommandFailed')
    expect(failures.length).toBeGreaterThan(0)
    for (const failure of failures)
      expect(failure._tag === 'CommandFailed' && failure.reason).toMatch(/^Training diverged: /)
    expect(summary(run).rows.map(({ trained }) => trained)).not.toContain(null)
    expect(out).toContain('bilevel weights')
    expect(await carryOut(['replay', run])).toMatchObject({ code: 0 })
  })

  it('everywhere ends the run with a stated reason', async () => {
    const config = writeConfig(join(folder, 'wild.json'), {
      ...smallConfig,
      solver: { ...smallConfig.solver, learningRate: 1e30 },
    })
    const run = join(folder, 'wild')
    const { code, out, err } = await carryOut(['tune', config, '--backend', 'wasm', '--out', run])
    // A script must not take it for a result.
    expect(code).toBe(1)
    expect(err).toContain('bilevel: The run has ended without a result, so the exit code is 1.')
    expect(observations(run).filter(({ _tag }) => _tag === 'CommandFailed')).toHaveLength(3)
    expect(summary(run)).toMatchObject({ stopReason: 'noSample', rows: [] })
    expect(out).toContain('smaller learning rate')
    expect(out).not.toMatch(/NaN|undefined/)
    // Its log is right all the same, and nothing is left to resume.
    expect(await carryOut(['replay', run])).toMatchObject({ code: 0 })
    const again = await carryOut(['resume', run])
    expect(again.code).toBe(1)
    expect(again.out).toContain('has ended (noSample)')
  })
})

describe('Ctrl-C', () => {
  const long = writeConfig(join(folder, 'long.json'), {
    ...smallConfig,
    method: {
      ...smallConfig.method,
      budget: { lowerLevelSolves: 10_000, outerIterations: 10_000 },
      stop: { step: 0 },
    },
  })

  const interrupted = async (run: string, signal: 'SIGINT' | 'SIGTERM'): Promise<Ended> => {
    const { child, ended } = startBilevel(['tune', long, '--backend', 'wasm', '--out', run])
    const log = join(run, 'run.jsonl')
    const recorded = (): number => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length : 0)
    for (let waited = 0; recorded() < 5 && waited < 400; waited++) await sleep(50)
    child.kill(signal)
    return ended
  }

  // In `npm test` the tests of resume.test.ts stop runs by SIGINT.
  it.each(deep ? (['SIGINT', 'SIGTERM'] as const) : (['SIGTERM'] as const))(
    '(%s) leaves a log that replays, and 130',
    async signal => {
      const run = join(folder, signal)
      const { code, out, err } = await interrupted(run, signal)
      expect({ code, out }, err).toEqual({ code: 130, out: '' })
      expect(err).toMatch(/\nbilevel: Stopped as asked\. The run is in .+\n$/)
      const files = listing(run)
      expect(files.some(file => file.startsWith('summary.json'))).toBe(false)
      expect(files.filter(file => /part/.test(file))).toEqual([])
      const { code: replayed, out: said } = await carryOut(['replay', run])
      expect(replayed).toBe(0)
      expect(said).toMatch(/State: unfinished, .+, next is command \d+/)
    },
  )
})
