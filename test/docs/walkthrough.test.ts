/** docs/walkthrough.md: every number is what the replayed log gives, and every file and function exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { bilevel, type BilevelState, decode, type Info, Observation } from '../../src/core/index.js'
import { methods, replayRun } from '../../src/shell/runs.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'docs/examples/main-run')
const text = readFileSync(join(root, 'docs/walkthrough.md'), 'utf8')

const right = <L, R>(either: E.Either<L, R>): R => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

interface Step {
  readonly observation: unknown
  readonly commands: unknown
  readonly info: Info
  readonly state: BilevelState
}

const lines = readFileSync(join(folder, 'run.jsonl'), 'utf8').trim().split('\n')
const [header, ...records] = lines.map(
  line => JSON.parse(line) as { readonly config: unknown; readonly observation: unknown },
)
const config = right(decode(bilevel.config)(header!.config))

/** The run, derived again from its observations. */
const steps = records.reduce<ReadonlyArray<Step>>((before, { observation }) => {
  const last = before.at(-1)
  const transition = right(
    last === undefined
      ? bilevel.init(config)
      : bilevel.step(right(decode(Observation.Observation)(observation)))(last.state),
  )
  return [...before, { observation, ...transition }]
}, [])

const at = (path: string): number => {
  const found = path
    .split('.')
    .reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | null)?.[key], steps)
  if (typeof found !== 'number') throw new Error(`There is no number at ${path}`)
  return found
}

const search = (step: number) => {
  const { phase } = steps[step]!.state
  if (!('search' in phase)) throw new Error(`Step ${step} has no search`)
  return phase.search
}

const numberOf = (written: string): number => Number(written.replace('−', '-'))

/** Whether a number is written as it is, rounded to the digits that are written. */
const states = (written: string, actual: number): boolean => {
  const [mantissa = ''] = written.replace('−', '').split('e')
  const digits = mantissa.replace('.', '').replace(/^0+/, '').length
  return Number(actual.toPrecision(Math.max(1, digits))) === numberOf(written)
}

/** The rows of the tables: what, value, source, made by. */
const rows = text
  .split('\n')
  .filter(line => /^\| /.test(line) && !/^\| (What|-)/.test(line))
  .map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )

/** Sentences without code, tables and figures. */
const prose = text
  .split('\n')
  .filter(line => !/^(\||#| {4})/.test(line))
  .join('\n')
  .replace(/\[[^\]]*\]\([^)]*\)/g, '')
  .replace(/`[^`]*`/g, '')

const stated: Readonly<Record<string, number>> = {
  300: config.multiplier.initial,
  '3e-5': config.epsilon.initial,
  0.1: config.penalty.initial,
  0.7: config.epsilon.factor,
  1.2: config.descent.rule === 'signs' ? config.descent.growth : NaN,
  0.002: config.stop.step,
  100: config.pair.steps,
  64: config.pair.batchSize ?? NaN,
  5: config.averaged,
  14: config.space[0]!.upper - config.space[0]!.lower,
  '−10': config.space[0]!.lower,
  4: config.space[1]!.upper,
  '−3': 0.5 * (config.space[0]!.lower + config.space[0]!.upper),
  0.5: search(3).lambda[1]!,
  1.48: search(6).lambda[0]!,
  0.084: at('8.state.phase.search.descent.steps.0'),
  // The penalty beyond which μ would overshoot, and the slack of two deviations.
  '2.2384e6': at('6.info.multiplier') / (2 * at('6.info.epsilon')),
  '3.4494e-4': 2 * at('9.info.phiDeviation'),
  6: steps[9]!.state.surrogate!.valueFunction.samples.length,
  1.5: steps[9]!.state.surrogate!.fittedSamples / steps[8]!.state.surrogate!.fittedSamples,
  '1.6016e-5': at('26.info.violation'),
  '5.9291e-6': at('27.info.epsilon'),
  '1.1858e-5': 2 * at('26.info.epsilon'),
  195.82: at('26.info.multiplier'),
  '199.30': at('27.info.multiplier'),
  1.6138: at('30.info.lambda.1'),
  0.41572: at('30.observation.upper'),
  0.43173: at('3.observation.upper'),
}

/** Numbers that only count or name: `step 6`, `(step 8, command 8)`, `steps 7 and 8`, `outer iteration 0`, `L2`, `2ε`. */
const naming = /\b(?:steps?|commands?|iteration|L)\s?\d+(?: and \d+)?|\b[12](?=\/κ|ε)|(?<=layer |w)\d/g

describe('docs/walkthrough.md', () => {
  it('is of a log that replays', () => {
    const replayed = right(replayRun(methods)(folder))
    expect(replayed).toMatchObject({ steps: records.length, checked: 'decisions', halted: true })
  })

  it('has in its tables what the log gives at that step', () => {
    expect(rows.length).toBeGreaterThan(20)
    const wrong = rows.flatMap(([what, value = '', source = '']) =>
      states(value, at(source)) ? [] : [`${what}: ${value}, but ${source} is ${at(source)}`],
    )
    expect(wrong).toEqual([])
  })

  it('has no other number than those of the log and its configuration', () => {
    const written: ReadonlyArray<string> =
      prose.replace(naming, '').match(/−?\d+(?:\.\d+)?(?:e-?\d+)?/g) ?? []
    expect(written.length).toBeGreaterThan(20)
    const known = (number: string): boolean => {
      const actual = stated[number] ?? stated[number.replace('−', '')]
      return actual !== undefined && states(number, actual)
    }
    expect(written.filter(number => !known(number))).toEqual([])
    // Nothing is listed above that the document does not say.
    expect(Object.keys(stated).filter(number => !written.includes(number))).toEqual([])
  })

  it('names steps of the run, in the phases that it says', () => {
    const named = [...text.matchAll(/\bsteps? (\d+)/g)].map(([, step]) => Number(step))
    expect(Math.max(...named)).toBeLessThan(records.length)
    expect([3, 6, 9].map(step => steps[step]!.info.phase)).toEqual(['minimising', 'minimising', 'minimising'])
    expect([5, 8].map(step => steps[step]!.info.phase)).toEqual(['refining', 'refining'])
    expect(steps[28]!.info.phase).toBe('minimising')
    expect(steps[29]!.info).toMatchObject({ phase: 'finishing' })
    // ε is kept where the violation is above twice ε.
    expect(at('26.info.violation')).toBeGreaterThan(2 * at('26.info.epsilon'))
    expect(at('27.info.epsilon')).toBe(at('26.info.epsilon'))
    expect(at('9.info.multiplier')).toBe(
      at('6.info.multiplier') + at('6.info.penalty') * (at('8.info.violation') - at('6.info.epsilon')),
    )
    expect(steps[3]!.state.surrogate!.valueFunction.samples.length).toBe(2)
  })

  const home = (file: string): string | undefined =>
    ['src/core/bilevel', 'src/core/bilevel/descent', 'src/core']
      .map(room => join(root, room, file))
      .find(existsSync)

  it('names files that exist, and functions that they have', () => {
    const files = [...text.matchAll(/`([\w/]+\.ts)`/g)].map(([, file]) => file!)
    expect(files.length).toBeGreaterThan(40)
    expect(files.filter(file => home(file) === undefined)).toEqual([])
    const pairs = [
      ...[...text.matchAll(/`([\w/]+\.ts)`: `(\w+)`/g)].map(([, file, name]) => [file!, name!] as const),
      ...[...text.matchAll(/`(\w+)` in `([\w/]+\.ts)`/g)].map(([, name, file]) => [file!, name!] as const),
    ]
    expect(pairs.length).toBeGreaterThan(25)
    const strange = pairs.filter(([file, name]) => {
      const source = readFileSync(home(file)!, 'utf8')
      return !new RegExp(`^(?:export )?const ${name}\\b|^  ${name}[:,]`, 'm').test(source)
    })
    expect(strange).toEqual([])
  })

  it('names every file of the method', () => {
    const all = ['src/core/bilevel', 'src/core/finishing'].flatMap(room =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter(file => file.endsWith('.ts'))
        .map(file => (dirname(file) === '.' ? file : file.replace('\\', '/'))),
    )
    const mentioned = (file: string): boolean =>
      text.includes(file) || text.includes(`\`${file.split('/').pop()!}\``)
    expect(all.filter(file => !mentioned(file))).toEqual([])
  })

  it('is about a page', () => {
    expect(text.split('\n').length).toBeLessThanOrEqual(120)
  })
})
