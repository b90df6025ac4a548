/**
 * A run that is killed before any of its file operations, or in the middle of a write, ends with the same bytes when it is started or
 * resumed again. All in this process: the folder is copied before each operation. test/deep/kills.test.ts kills real processes.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as Rng from '../../src/core/numeric/Rng.js'
import { methods } from '../../src/shell/record/Methods.js'
import { resume } from '../../src/shell/run/resume.js'
import { tune } from '../../src/shell/run/tune.js'
import { deep, seed } from '../support/cases.js'
import { atEachOperation } from '../support/fileOperations.js'
import { right } from '../support/recordedRun.js'
import { silent, tiny } from '../support/tinyRun.js'

const folder = mkdtempSync(join(tmpdir(), 'bilevel-operations-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tuned = (run: string) => tune({ ...silent, methods, named: tiny, folder: run, backend: 'wasm' })()
const resumed = (run: string) => resume({ ...silent, methods, target: run, backend: null })()

const filesIn = (run: string): ReadonlyArray<string> =>
  readdirSync(run, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(run.length + 1))
    .sort()

/** The content of a folder, without the times of its steps. Names of drafts are random. */
const contentOf = (run: string): string => {
  if (!existsSync(run)) return ''
  const hash = createHash('sha256')
  for (const name of filesIn(run))
    hash
      .update(`\n${name.replaceAll(/[0-9a-f-]{36}/g, 'draft')}\n`)
      .update(name === 'clock.jsonl' ? '' : readFileSync(join(run, name)))
  return hash.digest('hex')
}

/** What a kill leaves. */
interface Left {
  readonly before: string
  readonly folder: string
}

/** The kinds of operations that were seen. */
const kinds = new Set<string>()

/** Carries something out in a folder, and keeps what each moment leaves there. Moments that leave the same count once. */
const momentsOf = async (
  run: string,
  what: () => Promise<E.Either<unknown, unknown>>,
): Promise<ReadonlyArray<Left>> => {
  const found = new Map<string, Left>()
  const end = atEachOperation(run, before => {
    kinds.add(before.split(' ').slice(0, -1).join(' '))
    const content = contentOf(run)
    if (found.has(content)) return
    const copy = join(folder, `left-${content.slice(0, 16)}`)
    if (existsSync(run)) cpSync(run, copy, { recursive: true })
    found.set(content, { before, folder: copy })
  })
  try {
    right(await what())
  } finally {
    end()
  }
  return [...found.values()]
}

const whole = join(folder, 'whole')
let moments: ReadonlyArray<Left> = []
beforeAll(async () => {
  moments = await momentsOf(whole, () => tuned(whole))
})

const expectWhole = (run: string, where: string): void => {
  expect(filesIn(run), where).toEqual(filesIn(whole))
  for (const name of filesIn(whole))
    if (name !== 'timings.json')
      expect(readFileSync(join(run, name)).equals(readFileSync(join(whole, name))), `${name}, ${where}`).toBe(
        true,
      )
}

/** What a person does after a kill: resumes the run, or starts it if nothing was recorded. */
const again = async (run: string, where: string): Promise<void> => {
  const result = existsSync(join(run, 'run.jsonl')) ? await resumed(run) : await tuned(run)
  if (E.isLeft(result)) throw new Error(`${where}: ${result.left.message}`)
  expectWhole(run, where)
}

const copyOf = (left: Left): string => {
  const run = mkdtempSync(join(folder, 'killed-'))
  if (existsSync(left.folder)) cpSync(left.folder, run, { recursive: true })
  return run
}

/** Those of many moments that are tried: all in depth, else the first ones, which are unlike the others, and a few at random. */
const tried = (all: ReadonlyArray<Left>): ReadonlyArray<Left> => {
  if (deep) return all
  const [first, some] = [4, 6]
  const [shares] = Rng.uniforms(some)(Rng.make(seed))
  return [
    ...all.slice(0, first),
    ...Array.from(shares, share => all[first + Math.floor(share * (all.length - first))]!),
  ]
}

it('a run that is killed at any of its file operations ends as if it had not been', async () => {
  // Otherwise the operations were not seen.
  for (const kind of ['linkSync', 'rename', 'the rest of writeFile', 'the rest of writeFileSync'])
    expect(kinds).toContain(kind)
  expect(moments.length).toBeGreaterThan(60)
  for (const left of tried(moments)) {
    const run = copyOf(left)
    await again(run, `killed before: ${left.before}`)
    rmSync(run, { recursive: true })
  }
})

it('a run that is killed again while it is resumed ends as if it had not been', async () => {
  const [[share]] = [Rng.uniforms(1)(Rng.make(seed + 1))[0]]
  const left = moments[Math.floor((0.3 + 0.6 * share!) * moments.length)]!
  const run = copyOf(left)
  const second = await momentsOf(run, () => resumed(run))
  expect(second.length).toBeGreaterThan(5)
  for (const other of tried(second).slice(deep ? 0 : 3, deep ? undefined : 7)) {
    const twice = copyOf(other)
    await again(twice, `killed before: ${left.before}; and again before: ${other.before}`)
    rmSync(twice, { recursive: true })
  }
})
