/**
 * Hostile values for every method: observations and configurations that are wrong, extreme or no data at all, and what must
 * be true of a method that gets them. `test/core/hostileValues.test.ts` tries hundreds, `npm run test:deep` 100,000.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import {
  bayesianOptimization,
  bilevel,
  decode,
  gridSearch,
  hyperband,
  type Method,
  type MethodError,
  type Observation,
  randomSearch,
  tracking,
  RunLog,
  type Transition,
} from '../../src/core/index.js'
import { Simulate } from '../../src/core/laws/index.js'
import type { Question } from '../../src/core/protocol/Command.js'

const nested = (depth: number): unknown => {
  let list: ReadonlyArray<unknown> = []
  for (let i = 0; i < depth; i++) list = [list]
  return list
}

const cyclic = (): unknown => {
  const circle: Record<string, unknown> = {}
  circle['lambda'] = [circle]
  return circle
}

const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** A billion values in thirty lists. */
const wide = (): unknown => {
  let list: unknown = 0
  for (let i = 0; i < 30; i++) list = [list, list]
  return list
}

/** Counts how often it is read, so that it is another number each time. */
const moving = (): unknown => {
  let reads = 0
  return {
    get lower() {
      return reads++
    },
    get id() {
      return reads++
    },
  }
}

/** Numbers at the ends of what a number can be. */
const extreme = fc.constantFrom(
  0,
  -0,
  1,
  -1,
  5e-324,
  -5e-324,
  1e-300,
  1e150,
  -1e150,
  1e300,
  -1e300,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e9,
)

const noNumber = fc.constantFrom(NaN, Infinity, -Infinity)

/** Values that fast-check would stumble over; they are made where they are used. */
const makers = {
  'a list nested 20,000 times': () => nested(20_000),
  'an object in itself': cyclic,
  'a revoked proxy': revoked,
  'a billion values': wide,
  'a number that moves': moving,
  'a list of a billion holes': () => new Array<number>(1e9),
  'a text of a million letters': () => 'x'.repeat(1_000_000),
  'a typed array': () => new Float64Array(80),
  'a symbol': () => Symbol('hostile'),
  'a function': () => () => 1,
  'a large BigInt': () => 10n ** 40n,
  'inherited fields': () => Object.create({ id: 0, _tag: 'CommandFailed' }) as unknown,
  'a field __proto__': () => JSON.parse('{"__proto__": {"id": 0}}') as unknown,
  'a hundred thousand numbers': () => Array.from({ length: 100_000 }, () => 0.5),
} as const satisfies Readonly<Record<string, () => unknown>>

type Made = keyof typeof makers

/** A value, or the name of one that is made when it is used. */
type Stranger = { readonly value: unknown } | { readonly made: Made }

const made = fc.constantFrom(...(Object.keys(makers) as ReadonlyArray<Made>)).map(name => ({ made: name }))

const packed = fc.constantFrom<unknown>(
  { all: 0, length: 80 },
  { all: 0, length: 1e12 },
  { all: NaN, length: 80 },
  { all: 0, length: -1 },
  { float32: 'AAAA' },
  { float64: 'AAAAAAAA8H8=' },
  { float64: 7 },
  { vector: 3 },
)

const plain: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.anything({ withBigInt: true, withNullPrototype: true, withTypedArray: true, maxDepth: 3 }),
  },
  { weight: 3, arbitrary: extreme },
  { weight: 1, arbitrary: noNumber },
  { weight: 2, arbitrary: packed },
  { weight: 1, arbitrary: fc.constantFrom('1', '', 'w0', 'w99', 'initial', 'log', null, undefined, [], {}) },
)

const stranger: fc.Arbitrary<Stranger> = fc.oneof(
  { weight: 9, arbitrary: plain.map(value => ({ value })) },
  { weight: 1, arbitrary: made },
)

type Fields = Readonly<Record<string, unknown>>

const isFields = (u: unknown): u is Fields => typeof u === 'object' && u !== null && !Array.isArray(u)

/** The paths of all fields and entries, of a list the first and the last. */
const pathsOf = (value: unknown): ReadonlyArray<ReadonlyArray<string>> => {
  const keys = Array.isArray(value)
    ? [...new Set([0, value.length - 1])].filter(i => i >= 0).map(String)
    : isFields(value)
      ? Object.keys(value)
      : []
  return [[], ...keys.flatMap(key => pathsOf(Reflect.get(value as object, key)).map(path => [key, ...path]))]
}

const replaced = (value: unknown, [key, ...rest]: ReadonlyArray<string>, by: unknown): unknown => {
  if (key === undefined) return by
  // An earlier change put it there: its copy would take half a minute.
  if (Array.isArray(value) && value.length > 1_000_000) return value
  const inner = replaced(Reflect.get(value as object, key), rest, by)
  return Array.isArray(value)
    ? value.map((entry: unknown, i) => (String(i) === key ? inner : entry))
    : { ...(value as Fields), [key]: inner }
}

/** A change of one place of a value, or a field that is added or left out. */
interface Change {
  readonly place: number
  readonly how: 'replace' | 'remove' | 'add'
  readonly by: Stranger
}

const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(10_000),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add'),
  by: stranger,
})

export const changes = fc.array(change, { minLength: 1, maxLength: 3 })

/** A value with these changes. */
export const changed = (value: unknown, all: ReadonlyArray<Change>): unknown =>
  all.reduce((now, { place, how, by: stranger }) => {
    const by = 'made' in stranger ? makers[stranger.made]() : stranger.value
    if (typeof now !== 'object' || now === null) return now
    // What a change put in is not looked into: it may be endless.
    const paths = pathsOf(value)
    const path = paths[place % paths.length]!
    try {
      if (how === 'add' && isFields(now)) return { ...now, [`surplus${place % 3}`]: by }
      if (how === 'remove' && path.length > 0 && isFields(now))
        return Object.fromEntries(Object.entries(now).filter(([key]) => key !== path[0]))
      return replaced(now, path, by)
    } catch {
      return now
    }
  }, value)

/** A method, a run of which is begun again and again. */
export interface Subject {
  readonly name: string
  /** Configurations as a person writes them. */
  readonly configs: ReadonlyArray<Fields>
  readonly configured: (config: unknown) => Verdict
  /** What `step` does with a changed answer, at some place of some run. */
  readonly answered: (place: number, all: ReadonlyArray<Change>) => Verdict
  /** A whole run whose losses are drawn from these numbers. */
  readonly extremes: (numbers: ReadonlyArray<number>) => Verdict
}

/** `null`: all is well. Otherwise what is wrong. */
export type Verdict = string | null

const isSentence = (message: string): boolean => message.length < 3000 && /^\S.*\s.*[.!?]$/s.test(message)

/** What is wrong with a transition: what a log cannot hold, or a state that does not survive JSON. */
const faultOf = <C, S>(method: Method<C, S>, { state, commands, info }: Transition<S>): Verdict => {
  const record = decode(RunLog.LogRecord)({ step: 0, observation: null, commands, info })
  if (E.isLeft(record)) return `a record that cannot be written: ${record.left}`
  const text = JSON.stringify(state)
  const revived = decode(method.state)(JSON.parse(text))
  if (E.isLeft(revived)) return `a state that does not survive JSON: ${revived.left}`
  return JSON.stringify(revived.right) === text ? null : 'a state that JSON changes'
}

const verdictOf =
  <C, S>(method: Method<C, S>) =>
  (found: E.Either<MethodError, Transition<S>>): Verdict => {
    if (E.isRight(found)) return faultOf(method, found.right)
    const { message } = found.left
    return isSentence(message) ? null : `a refusal that is no sentence: ${message.slice(0, 200)}`
  }

const guarded = (call: () => Verdict): Verdict => {
  try {
    return call()
  } catch (cause) {
    return `it threw ${cause instanceof Error ? `${cause.name}: ${cause.message.slice(0, 200)}` : typeof cause}`
  }
}

const extremeAnswer = (question: Question, draw: () => number): Observation.Observation => {
  const { id, lambda } = question
  const weights = `w${id}`
  const metrics = () => ({ loss: draw(), accuracy: null })
  const sets = () => ({ train: metrics(), validation: metrics(), test: null })
  const effort = Math.abs(draw())
  switch (question._tag) {
    case 'EvaluateLosses':
      return { _tag: 'LossesEvaluated', id, metrics: sets() }
    case 'Refit':
      return { _tag: 'Refitted', id, metrics: sets(), weights, effort }
    case 'SolveLowerLevel':
    case 'DescendWeights': {
      const losses = {
        id,
        upper: draw(),
        lower: draw(),
        upperGradient: lambda.map(draw),
        lowerGradient: lambda.map(draw),
        gradientNorm: Math.abs(draw()),
        weights,
        effort,
      }
      return question._tag === 'SolveLowerLevel'
        ? { _tag: 'LowerLevelSolved', ...losses, converged: true }
        : { _tag: 'WeightsDescended', ...losses }
    }
  }
}

const subjectOf = <C, S>(method: Method<C, S>, own: ReadonlyArray<Fields>): Subject => {
  const spaceOf = (d: number) =>
    Array.from({ length: d }, (_, k) => ({ name: `l2.${k}`, lower: -6, upper: 4, scale: 'log' }))
  const configs = own.flatMap(options => [1, 2, 80].map(d => ({ space: spaceOf(d), ...options })))
  const decoded = configs.flatMap(written => {
    const config = decode(method.config)(written)
    if (E.isLeft(config)) throw new Error(config.left)
    return [config.right]
  })
  const runs = decoded.map(config => {
    const d = Reflect.get(config as object, 'space') as ReadonlyArray<unknown>
    const problem = Simulate.ridge({ a: d.map(() => 3), b: d.map(() => 2) })
    return Simulate.drive(method, { maxSteps: 60 })(config, problem.world)
  })
  const places = runs.flatMap(run =>
    run.answered.map(({ observation }, i) => ({ observation, state: run.transitions[i]!.state })),
  )
  return {
    name: method.name,
    configs,
    configured: given =>
      guarded(() => {
        const config = decode(method.config)(given)
        if (E.isLeft(config))
          return isSentence(`${config.left}.`) ? null : `a refusal that is no clause: ${config.left}`
        return verdictOf(method)(method.init(config.right))
      }),
    answered: (place, all) =>
      guarded(() => {
        const { observation, state } = places[place % places.length]!
        return verdictOf(method)(method.step(changed(observation, all) as Observation.Observation)(state))
      }),
    extremes: numbers =>
      guarded(() => {
        let drawn = 0
        const draw = (): number => numbers[drawn++ % numbers.length]!
        let next = method.init(decoded[numbers.length % decoded.length]!)
        let open: ReadonlyArray<Question> = []
        for (let step = 0; step < 60; step++) {
          const fault = verdictOf(method)(next)
          if (fault !== null || E.isLeft(next)) return fault
          open = [
            ...open,
            ...next.right.commands.flatMap(command => (command._tag === 'ReleaseWeights' ? [] : [command])),
          ]
          const [question, ...rest] = open
          if (question === undefined) return null
          open = rest
          next = method.step(extremeAnswer(question, draw))(next.right.state)
        }
        return null
      }),
  }
}

const budget = { lowerLevelSolves: 6 }

/** Every method, with a few configurations each. */
export const subjects = (): ReadonlyArray<Subject> => [
  subjectOf(bilevel, [
    { budget },
    { budget, pair: { reference: 'solved' }, descent: { rule: 'quasiNewton', memory: 5, backtracks: 3 } },
    { budget, pair: { reference: 'surrogate' }, kernel: 'rbf', linearInCoefficients: false },
  ]),
  subjectOf(tracking, [
    { budget },
    { budget, start: { epochs: 4 }, retrain: false, pair: { batchSize: null } },
  ]),
  subjectOf(gridSearch, [{ budget }]),
  subjectOf(randomSearch, [{ budget }]),
  subjectOf(bayesianOptimization, [{ budget }]),
  subjectOf(hyperband, [{ budget }]),
]

/** Losses for a whole run: numbers of very different sizes. */
export const losses = fc.array(
  fc.oneof(
    extreme,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: 0, max: 3, noNaN: true }),
  ),
  {
    minLength: 1,
    maxLength: 12,
  },
)
