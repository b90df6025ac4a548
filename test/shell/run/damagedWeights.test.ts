/** Weights that were damaged between a kill and `resume`: each kind of damage is named, and nothing is trained from it. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { recall } from '../../../src/shell/record/recall.js'
import { withRecordedRun } from '../../../src/shell/record/RecordedRun.js'
import { replayRun, statement } from '../../../src/shell/record/replayRun.js'
import { resume, type Resumed } from '../../../src/shell/run/resume.js'
import { tune } from '../../../src/shell/run/tune.js'
import type { ShellError } from '../../../src/shell/base/ShellError.js'
import { cases, deep } from '../../support/cases.js'
import { left, right } from '../../support/recordedRun.js'
import { silent, tiny } from '../../support/tinyRun.js'
import { damages, sealDamages, type Target } from '../../support/weightDamage.js'

const folder = mkdtempSync(join(tmpdir(), 'bilevel-damage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const whole = join(folder, 'whole')
const foreign = join(folder, 'foreign')
const after = (of: string, record: number): string => join(folder, `${basename(of)}-after-${record}`)
let records = 0

beforeAll(async () => {
  for (const [run, seed] of [
    [whole, 3],
    [foreign, 4],
  ] as const) {
    records = 0
    right(
      await tune({
        ...silent,
        methods,
        named: { ...tiny, config: { ...tiny.config, seed } },
        folder: run,
        backend: 'wasm',
        onStep: () => cpSync(run, after(run, records++), { recursive: true }),
      })(),
    )
  }
})

const resumed = (run: string): Promise<E.Either<ShellError, Resumed>> =>
  resume({ ...silent, methods, target: run, backend: null })()

/** A run that was killed after step 11, as the issue has it. Its open command starts from one of these weights. */
const step = 11
const killed = (sealed: boolean): string => {
  const run = mkdtempSync(join(folder, 'killed-'))
  cpSync(after(whole, step), run, { recursive: true })
  if (!sealed)
    for (const name of readdirSync(join(run, 'weights')))
      if (name.endsWith('.sha256')) rmSync(join(run, 'weights', name))
  return run
}
const done = (run: string): void => rmSync(run, { recursive: true, force: true })

interface Kept {
  /** The weights that the run may need again. */
  readonly refs: ReadonlyArray<string>
  /** Those that an open command names. */
  readonly open: string
}

const keptIn = (run: string): Kept => {
  const { weights, cursor } = right(withRecordedRun(run)(recall(bilevel)))
  const next = cursor.todo.find(command => command._tag !== 'ReleaseWeights')
  const open =
    next === undefined ? '' : next._tag === 'EvaluateLosses' ? next.weights : 'from' in next ? next.from : ''
  return { refs: weights, open }
}

let kept: Kept = { refs: [], open: '' }
beforeAll(() => {
  kept = keptIn(after(whole, step))
  expect(kept.refs).toContain(kept.open)
})

const targetIn = (run: string, where: number): Target => {
  const { refs, open } = kept
  const other = refs.find(ref => ref !== open) ?? ''
  const file = (of: string, ref: string): string => join(of, 'weights', `${ref}.f32`)
  return { path: file(run, open), other: file(run, other), foreign: file(after(foreign, step), open), where }
}

/** The message of a run that is not resumed, and whose log stays as it is. */
const refusal = async (run: string): Promise<string> => {
  const before = readFileSync(join(run, 'run.jsonl'), 'utf8')
  const result = await resumed(run)
  expect(readFileSync(join(run, 'run.jsonl'), 'utf8')).toBe(before)
  return left(result).message
}

describe('weights that were zeroed after a kill', () => {
  it.each([true, false])('are refused by the name of their file (with a checksum: %s)', async sealed => {
    const run = killed(sealed)
    for (const ref of kept.refs) {
      const path = join(run, 'weights', `${ref}.f32`)
      const before = readFileSync(path)
      writeFileSync(path, Buffer.alloc(before.length))
      expect(await refusal(run)).toContain(`The weights file ${path} cannot be used: `)
      writeFileSync(path, before)
    }
    expect(E.isRight(await resumed(run))).toBe(true)
    done(run)
  })
})

describe('each kind of damage to a file that is needed', () => {
  it('is one of many', () => {
    expect(Object.keys({ ...damages, ...sealDamages }).length).toBeGreaterThanOrEqual(34)
  })

  const named = async (sealed: boolean, damage: (target: Target) => void, where: number): Promise<void> => {
    const run = killed(sealed)
    const target = targetIn(run, where)
    damage(target)
    const message = await refusal(run)
    // Swapped files are both damaged. Missing files are named by their references.
    const name = basename(target.path, '.f32')
    const place = join(run, 'weights')
    expect(message, message).toMatch(/^The weights /)
    const files = [target.path, target.other]
    expect(
      files.some(path => message.includes(path)) || (message.includes(name) && message.includes(place)),
      message,
    ).toBe(true)
    done(run)
  }

  it.each(Object.keys(damages))('%s: is named', kind => named(true, damages[kind]!.does, 0.4))

  it.each(Object.keys(sealDamages))('%s: is named', kind => named(true, sealDamages[kind]!, 0.4))

  it('anywhere in the file: is named', async () => {
    const all = [...Object.values(damages).map(({ does }) => does), ...Object.values(sealDamages)]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...all),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (damage, where) => named(true, damage, where),
      ),
      // Each takes the start of a run; every kind was tried above.
      cases(1000, 'huge'),
    )
  })

  const measurable = Object.keys(damages).filter(kind => damages[kind]!.measurable)
  // Each of these loads the data and measures.
  it.each(deep ? measurable : measurable.filter((_, i) => i % 6 === 0))('%s, in an old run: is named', kind =>
    named(false, damages[kind]!.does, 0.4),
  )
})

describe('a run whose weights are as they were', () => {
  it('of an older version, without checksums, is resumed to the same bytes', async () => {
    const run = killed(false)
    right(await resumed(run))
    for (const name of ['run.jsonl', 'summary.json'])
      expect(readFileSync(join(run, name), 'utf8')).toBe(readFileSync(join(whole, name), 'utf8'))
    done(run)
  })

  it('of which one checksum was lost, is resumed to the same bytes', async () => {
    const run = killed(true)
    rmSync(`${targetIn(run, 0).path}.sha256`)
    right(await resumed(run))
    expect(readFileSync(join(run, 'summary.json'), 'utf8')).toBe(
      readFileSync(join(whole, 'summary.json'), 'utf8'),
    )
    done(run)
  })
})

describe('the weights of a run that has ended', () => {
  it('are named by replay where nothing vouches for them', () => {
    const finished = mkdtempSync(join(folder, 'unverified-'))
    cpSync(whole, finished, { recursive: true })
    const said = () => right(replayRun(methods)(finished))
    expect(said().unverified).toEqual([])
    const [first = '', second = ''] = readdirSync(join(finished, 'weights')).filter(name =>
      name.endsWith('.f32'),
    )
    rmSync(join(finished, 'weights', first))
    rmSync(join(finished, 'weights', `${second}.sha256`))
    expect([...said().unverified].sort()).toEqual(
      [first, second].map(name => name.replace('.f32', '')).sort(),
    )
    expect(statement(said())).toContain('whose files are missing or have no SHA-256')
    // A log that was copied alone has no weights to check.
    rmSync(join(finished, 'weights'), { recursive: true })
    expect(said().unverified).toEqual([])
  })

  it('are checked by replay and by resume', async () => {
    const run = mkdtempSync(join(folder, 'ended-'))
    cpSync(whole, run, { recursive: true })
    expect(E.isRight(replayRun(methods)(run))).toBe(true)
    const names = readdirSync(join(run, 'weights')).filter(name => name.endsWith('.f32'))
    expect(names.length).toBeGreaterThan(1)
    for (const name of names) {
      const path = join(run, 'weights', name)
      const before = readFileSync(path)
      writeFileSync(path, Buffer.alloc(before.length))
      const replayed = left(replayRun(methods)(run))
      expect(replayed).toMatchObject({ _tag: 'Mismatch' })
      expect(replayed.message).toContain(path)
      expect(left(await resumed(run)).message).toContain(path)
      writeFileSync(path, before)
    }
    // A log without its weights replays.
    rmSync(join(run, 'weights'), { recursive: true })
    expect(E.isRight(replayRun(methods)(run))).toBe(true)
  })
})
