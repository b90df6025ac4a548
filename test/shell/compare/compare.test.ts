/** Comparisons of several methods in child processes, some of which fail. */
import { EventEmitter } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import { allot } from '../../../src/shell/compare/budget.js'
import { compare, type CompareOptions } from '../../../src/shell/compare/compare.js'
import { compareFromFile } from '../../../src/shell/compare/CompareConfig.js'
import {
  type Comparison,
  comparisonIn,
  encode,
  type RunEntry,
} from '../../../src/shell/compare/result/Comparison.js'
import { registry, some } from '../../../src/shell/record/Methods.js'
import { bundled } from '../../support/bundled.js'
import { comparisonOf, finished } from '../../support/comparison.js'
import { sampleAndDescend } from '../../support/sampleAndDescend.js'
import { left, right, withFolder } from '../../support/recordedRun.js'
import { tinyConfig } from '../../support/tinyRun.js'

const worker = bundled('test/support/compareWorker.ts')

const made = mkdtempSync(join(tmpdir(), 'bilevel-compared-'))
afterAll(() => rmSync(made, { recursive: true, force: true }))

/** Options of a small comparison. The random search for tests takes no budget of effort, so `allot` leaves it alone. */
const options = (
  folder: string,
  methods: ReadonlyArray<object>,
  overrides: Partial<CompareOptions> = {},
  upper = 4,
) => {
  // One place for all, since the header of a run names it.
  const config = join(made, 'task.json')
  writeFileSync(
    config,
    JSON.stringify({
      data: { source: 'npz', train: tinyConfig.data.train, validation: tinyConfig.data.validation },
      network: { kind: 'mlp', hidden: [4] },
      hyperparameters: { family: 'l2', per: 'model', lower: -4, upper },
      solver: { epochs: 2 },
      methods,
      seed: 0,
    }),
  )
  const notes: Array<string> = []
  const signals = new EventEmitter()
  const all: CompareOptions = {
    methods: registry(some(bilevel), some(sampleAndDescend)),
    config: right(compareFromFile(config)),
    labels: null,
    seeds: { count: 1 },
    solves: 5,
    folder: join(folder, 'comparison'),
    backend: 'wasm',
    allot: (contender, budget) => (contender.method === 'bilevel' ? allot(contender, budget) : contender),
    status: { show: () => undefined, note: line => notes.push(line), clear: () => undefined },
    jobs: 2,
    signals: { on: signals.on.bind(signals), off: signals.off.bind(signals), exit: () => undefined },
    worker: { path: worker, execArgv: [] },
    ...overrides,
  }
  return { all, notes, signals }
}

const small = {
  name: 'bilevel',
  design: { kind: 'sobol', size: 2, lower: [-4], upper: [4] },
  solve: { coldEpochs: 6, warmEpochs: 3 },
  pair: { steps: 5 },
  budget: { lowerLevelSolves: 4, outerIterations: 2 },
}
const random = { name: 'random-search-for-tests', solves: 2, rounds: 1, steps: 2 }
const other = { ...small, label: 'other', pair: { steps: 8 } }
/** At λ = 50 the first step overflows, so the run fails. */
const wild = { ...small, label: 'wild', design: { ...small.design, lower: [50], upper: [60] } }

const text = (folder: string, run: string): string =>
  readFileSync(join(folder, 'runs', run, 'run.jsonl'), 'utf8')

/** What two equal runs share: all but the timings. */
const lasting = (run: RunEntry) => ({ ...run, timings: null })

/** A comparison of one run that has ended, for the tests that go on from there. */
let one: Comparison
beforeAll(async () => {
  one = right(await compare(options(made, [small]).all)()).comparison
})

/** Puts a copy of it into the folder of a comparison. */
const begin = (folder: string): void => cpSync(join(made, 'comparison'), folder, { recursive: true })

describe('a comparison', () => {
  it('is refused where another process worked on it while this one read its data, and leaves that alone', () =>
    withFolder(async folder => {
      const earlier = encode(
        comparisonOf([0, 1].flatMap(seed => [finished('bilevel', seed), finished('random', seed)])),
      )
      const { all } = options(folder, [small], {
        status: {
          show: () => undefined,
          // The backend is said after the folder was read, and before it is locked.
          note: () => {
            mkdirSync(join(folder, 'comparison'), { recursive: true })
            writeFileSync(comparisonIn(join(folder, 'comparison')), earlier)
          },
          clear: () => undefined,
        },
      })
      const { _tag, message } = left(await compare(all)())
      expect(_tag).toBe('BadInput')
      expect(message).toContain('was changed by another process')
      expect(readdirSync(all.folder)).toEqual(['comparison.json'])
      expect(readFileSync(comparisonIn(all.folder), 'utf8')).toBe(earlier)
    }))

  it('has the result of every method, and says which runs failed and why', () =>
    withFolder(async folder => {
      const reported: Array<string> = []
      const { all, notes } = options(
        folder,
        [small, other, wild],
        {
          seeds: { list: [4] },
          report: folders => () => {
            reported.push(...folders)
            return Promise.resolve({ _tag: 'Right', right: undefined })
          },
        },
        60,
      )
      const { comparison, analysis } = right(await compare(all)())
      expect(comparison.runs.map(({ _tag, folder }) => [_tag, folder])).toEqual([
        ['Finished', 'runs/bilevel-seed4'],
        ['Finished', 'runs/other-seed4'],
        ['Failed', 'runs/wild-seed4'],
      ])
      expect(comparison.runs[2]).toMatchObject({ reason: expect.stringContaining('diverged') as string })
      expect(notes.join('\n')).toContain('wild seed 4 failed: ')
      expect(analysis.duels.map(({ rival }) => rival)).toEqual(['other', 'wild'])
      expect(reported).toHaveLength(2)
      // One budget: five solves of at most six epochs.
      expect(comparison.plan.budget).toEqual({ solves: 5, epochsPerSolve: 6, epochs: 30 })
      for (const run of comparison.runs)
        if (run._tag === 'Finished') {
          expect(run.timings.processorSeconds).toBeGreaterThan(0)
          expect(run.trajectory.retrained.length).toBeGreaterThan(0)
          expect(run.result.effortEpochs).toBeLessThanOrEqual(30)
        }

      // A second call runs nothing, and returns the same, seconds included.
      const before = statSync(join(all.folder, 'runs/bilevel-seed4/run.jsonl')).mtimeMs
      expect(right(await compare(all)()).comparison).toEqual(comparison)
      expect(statSync(join(all.folder, 'runs/bilevel-seed4/run.jsonl')).mtimeMs).toBe(before)

      // With one more seed, only that seed's runs are added.
      const more = right(
        await compare({ ...all, seeds: { list: [4, 5] }, labels: ['other', 'bilevel', 'wild'] })(),
      )
      expect(more.comparison.runs.map(({ folder }) => folder)).toEqual([
        ...['runs/other-seed4', 'runs/bilevel-seed4', 'runs/wild-seed4'],
        ...['runs/other-seed5', 'runs/bilevel-seed5', 'runs/wild-seed5'],
      ])
      expect(more.comparison.runs).toEqual(expect.arrayContaining([...comparison.runs]))
      expect(more.analysis.duels.map(({ of }) => of.trainedValidationLoss?.n)).toContain(2)
    }))

  it('resumes the run of a lost process', () =>
    withFolder(async folder => {
      const { all } = options(folder, [small, { ...small, label: 'lost' }])
      begin(all.folder)
      const lose = join(all.folder, 'runs', 'lose')
      writeFileSync(lose, '')
      const { comparison } = right(await compare(all)())
      const [kept, lost] = comparison.runs
      expect(kept).toEqual(one.runs[0])
      expect(lost).toMatchObject({ _tag: 'Failed', reason: expect.stringContaining('SIGKILL') as string })
      const begun = text(all.folder, 'lost-seed0')
      expect(begun.split('\n').length).toBeGreaterThan(3)
      rmSync(lose)
      const again = right(await compare(all)()).comparison
      expect(again.runs.map(({ _tag }) => _tag)).toEqual(['Finished', 'Finished'])
      expect(again.runs[0]).toEqual(kept)
      // The resumed run equals one that was not interrupted.
      expect(text(all.folder, 'lost-seed0').startsWith(begun.slice(0, begun.lastIndexOf('\n') + 1))).toBe(
        true,
      )
      const records = (run: string): string => text(all.folder, run).replace(/"digest":"\w+"/g, '')
      expect(records('lost-seed0')).toBe(records('bilevel-seed0'))
    }))

  it('stops on request, and resumes when it is started again', () =>
    withFolder(async folder => {
      const { all, signals, notes } = options(folder, [small, { ...small, label: 'third' }], {
        jobs: 1,
      })
      const work = compare(all)()
      const log = join(all.folder, 'runs', 'bilevel-seed0', 'run.jsonl')
      while (!existsSync(log)) await new Promise(resolve => setTimeout(resolve, 5))
      signals.emit('SIGINT')
      const stopped = left(await work)
      expect(stopped._tag).toBe('Interrupted')
      expect(stopped.message).toContain(`the same command with --out ${all.folder} resumes the comparison`)
      expect(notes.join('\n')).toContain('Stopping')
      expect(existsSync(join(all.folder, 'runs', 'third-seed0'))).toBe(false)
      expect(signals.listenerCount('SIGINT')).toBe(0)
      const { comparison } = right(await compare(all)())
      // Each run is the one that was not stopped.
      const [contender] = one.plan.contenders
      expect(comparison.plan).toEqual({
        ...one.plan,
        contenders: [contender, { ...contender, label: 'third' }],
      })
      const [first, third] = comparison.runs
      expect(lasting(first!)).toEqual(lasting(one.runs[0]!))
      expect(lasting(third!)).toEqual({
        ...lasting(one.runs[0]!),
        label: 'third',
        folder: 'runs/third-seed0',
      })
    }))

  it('refuses the folder of another comparison, and leaves it unchanged', () =>
    withFolder(async folder => {
      const { all } = options(folder, [small])
      begin(all.folder)
      const before = readFileSync(comparisonIn(all.folder), 'utf8')
      const refused = async (overrides: Partial<CompareOptions>, problem: string): Promise<void> => {
        const { _tag, message } = left(await compare({ ...all, ...overrides })())
        expect(_tag).toBe('BadInput')
        expect(message).toContain(problem)
        expect(readFileSync(comparisonIn(all.folder), 'utf8')).toBe(before)
      }
      await refused({ solves: 6 }, 'field `budget.solves` was 5 and is now 6')
      await refused({ backend: 'cpu' }, 'field `backend`')
      await refused({ seeds: { list: [7] } }, 'field `seeds`')
      await refused({ labels: [random.name] }, 'field `methods` was ["bilevel"]')
      await refused(
        { config: options(folder, [{ ...small, pair: { steps: 6 } }]).all.config },
        'field `methods.bilevel.options.pair.steps` was 5 and is now 6',
      )
      // This budget is too small for the method.
      await refused({ solves: 1 }, '`budget.')
      // Without comparison.json, the headers of the runs still identify them.
      rmSync(comparisonIn(all.folder))
      const { message } = left(
        await compare({ ...all, config: options(folder, [{ ...small, pair: { steps: 6 } }]).all.config })(),
      )
      expect(message).toContain('holds another run than this comparison')
      expect(message).toContain('field `config.pair.steps`')
    }))

  it('refuses a folder with other files in it', () =>
    withFolder(async folder => {
      const { all } = options(folder, [small])
      mkdirSync(all.folder)
      writeFileSync(join(all.folder, 'thesis.tex'), '')
      expect(left(await compare(all)()).message).toContain('holds thesis.tex')
      expect(left(await compare({ ...all, folder: join(made, 'task.json') })()).message).toContain(
        'is a file',
      )
    }))

  it('detects a log that was changed after it was written', () =>
    withFolder(async folder => {
      const { all } = options(folder, [small])
      begin(all.folder)
      const log = join(all.folder, 'runs', 'bilevel-seed0', 'run.jsonl')
      writeFileSync(
        log,
        readFileSync(log, 'utf8')
          .replace(/"upper":0/, '"upper":1')
          .replace(/"upper":1\./, '"upper":0.'),
      )
      const { comparison } = right(await compare(all)())
      expect(comparison.runs[0]).toMatchObject({
        _tag: 'Failed',
        reason: expect.stringContaining('digest') as string,
      })
    }))
})
