/** The laws of a descent rule. */
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import type { BilevelConfig } from '../../bilevel/BilevelConfig.js'
import type { LagrangianPoint, Moved } from '../../bilevel/descent/LagrangianPoint.js'
import type { DescentRule } from '../../bilevel/parts/DescentRule.js'
import { decode } from '../../codec/Codec.js'
import { deepFreeze } from '../deepFreeze.js'
import { examine, type Options } from '../examine.js'
import { each, every, type Law, silent, unless } from '../Law.js'
import { thousandths } from '../numbers.js'
import type { Report } from '../Report.js'
import { configs } from './configs.js'

type Vec = ReadonlyArray<number>

interface Case {
  readonly config: BilevelConfig
  readonly axes: ReadonlyArray<{ readonly from: number; readonly least: number; readonly curvature: number }>
  /** Steps after which `retreat` is called: the next point could not be evaluated. */
  readonly retreats: ReadonlyArray<number>
}

/** One step of the rule on a separable convex function. */
export interface DescentStep {
  readonly measured: LagrangianPoint
  readonly moved: Moved<unknown>
  /** The state after the step, sent through JSON and its codec, as text; or the decoding error. */
  readonly revived: E.Either<string, string>
}

export interface DescentEvidence {
  readonly steps: ReadonlyArray<DescentStep>
  /** The same steps again from the start, with frozen arguments. */
  readonly again: () => ReadonlyArray<DescentStep>
  /** The first step if every derivative is zero. */
  readonly idle: () => Moved<unknown>
  readonly from: Vec
  readonly least: Vec
  readonly retreated: boolean
  /** Where the rule arrives after many steps without a retreat. */
  readonly arrived: () => Vec
}

type DescentLaw = Law<DescentEvidence>

const text = (v: Vec): string => `[${v.join(', ')}]`

export const descentInside: DescentLaw = {
  name: 'descent stays in the cube',
  meaning: 'Each next point has all its components between 0 and 1.',
  source: 'bounds of λ are constraints of the problem; the unit cube is the search space',
  check: ({ steps }) =>
    each(steps, ({ measured, moved }, i) =>
      unless(
        moved.unit.length === measured.unit.length && moved.unit.every(u => u >= 0 && u <= 1),
        () => `step ${i} goes from ${text(measured.unit)} to ${text(moved.unit)}`,
      ),
    ),
}

export const descentDownhill: DescentLaw = {
  name: 'descent starts downhill',
  meaning:
    'The first step goes against the derivative: its product with the gradient is negative, unless the cube blocks it.',
  source: 'Nocedal & Wright 2006, §2.2: descent directions',
  check: ({ steps }) => {
    const first = steps[0]
    if (first === undefined) return silent
    const { unit, gradient } = first.measured
    const free = gradient.some((g, k) => (g > 0 && unit[k]! > 0) || (g < 0 && unit[k]! < 1))
    const slope = gradient.reduce((sum, g, k) => sum + g * (first.moved.unit[k]! - unit[k]!), 0)
    return free
      ? unless(
          slope < 0,
          () => `from ${text(unit)} with the gradient ${text(gradient)} it goes to ${text(first.moved.unit)}`,
        )
      : silent
  },
}

export const descentRests: DescentLaw = {
  name: 'descent rests where the gradient vanishes',
  meaning: 'If all derivatives are zero, the first step does not move.',
  source: 'the search looks for a stationary point of the augmented Lagrangian',
  check: ({ idle, from }) =>
    unless(text(idle().unit) === text(from), () => `it goes from ${text(from)} to ${text(idle().unit)}`),
}

export const descentHonest: DescentLaw = {
  name: 'descent states its longest step',
  meaning:
    '`longest` is finite, not negative, and at least the longest component of the step: the convergence test relies on it.',
  source:
    'core/bilevel/descent/LagrangianPoint.ts; with a wrong value the stopping test fires too early, or never',
  check: ({ steps }) =>
    each(steps, ({ measured, moved }, i) => {
      const length = moved.unit.reduce((most, u, k) => Math.max(most, Math.abs(u - measured.unit[k]!)), 0)
      // The length of a backtracking step is measured from the point that it returns to, not from the last one.
      return moved.backtracking && moved.longest < length
        ? silent
        : unless(
            Number.isFinite(moved.longest) && moved.longest >= length * (1 - 1e-9) - 1e-15,
            () => `step ${i} is ${length} long, but longest states ${moved.longest}`,
          )
    }),
}

export const descentSurvivesJson: DescentLaw = {
  name: 'descent’s state survives JSON',
  meaning:
    'A state, even one after a retreat, that is written as JSON and read by its codec is the same state.',
  source: 'core/protocol/Method.ts: a state survives a JSON round trip',
  check: ({ steps }) =>
    each(steps, ({ moved, revived }, i) =>
      E.isLeft(revived)
        ? E.left(`the state after step ${i} does not decode: ${revived.left}`)
        : unless(
            revived.right === JSON.stringify(moved.after),
            () => `after step ${i}: ${JSON.stringify(moved.after)} comes back as ${revived.right}`,
          ),
    ),
}

export const descentDeterministic: DescentLaw = {
  name: 'descent is deterministic',
  meaning:
    'Equal measurements give equal steps, and neither states nor measurements are changed, whether they are frozen or not.',
  source: 'core/protocol/Method.ts',
  check: ({ steps, again }) => {
    const second = again()
    return each(steps, ({ moved }, i) =>
      unless(
        JSON.stringify(moved) === JSON.stringify(second[i]?.moved),
        () => `step ${i} is ${JSON.stringify(moved)} at first, then ${JSON.stringify(second[i]?.moved)}`,
      ),
    )
  },
}

/** Required distance to the minimizer, in the unit cube, and the number of steps allowed. */
const reached = { within: 0.02, after: 150 } as const

export const descentArrives: DescentLaw = {
  name: 'descent finds a minimum',
  meaning: `On a separable, strictly convex function it comes within ${reached.within} of the minimizer in ${reached.after} steps.`,
  source: 'Riedmiller & Braun 1993; Nocedal & Wright 2006, theorem 3.2',
  check: ({ arrived, least, from }) => {
    const end = arrived()
    const off = Math.max(...end.map((u, k) => Math.abs(u - least[k]!)))
    return every([
      unless(
        off <= reached.within,
        () => `from ${text(from)} it gets to ${text(end)}; the minimum is at ${text(least)}`,
      ),
    ])
  },
}

/** Every law of a descent rule. */
export const descentLaws = [
  descentInside,
  descentDownhill,
  descentRests,
  descentHonest,
  descentSurvivesJson,
  descentDeterministic,
  descentArrives,
] as const

const walk = <R>(
  rule: DescentRule<R>,
  { config, axes, retreats }: Case,
  count: number,
  pass: <A>(value: A) => A,
): ReadonlyArray<DescentStep & { readonly unit: Vec }> => {
  const steps: Array<DescentStep & { readonly unit: Vec }> = []
  let unit: Vec = axes.map(({ from }) => from)
  let state = rule.start(config)
  for (let i = 0; i < count; i++) {
    const gradient = unit.map((u, k) => axes[k]!.curvature * (u - axes[k]!.least))
    const merit = gradient.reduce((sum, g, k) => sum + (g * (unit[k]! - axes[k]!.least)) / 2, 0)
    const measured = pass({ unit, gradient, merit, noise: 1e-14 * (1 + Math.abs(merit)) })
    const moved = rule.step(config)(measured)(pass(state))
    const from = unit
    const back = retreats.includes(i)
    state = back ? rule.retreat(config)(pass(moved.after)) : moved.after
    unit = back ? moved.unit.map((u, k) => (u + from[k]!) / 2) : moved.unit
    const read = decode(rule.state)(JSON.parse(JSON.stringify(state)))
    steps.push({
      measured,
      moved: { ...moved, after: state },
      revived: E.map((revived: R) => JSON.stringify(revived))(read),
      unit,
    })
  }
  return steps
}

const evidenceOf =
  <R>(rule: DescentRule<R>) =>
  (one: Case): DescentEvidence => {
    const axes = one.config.space.map((_, k) => one.axes[k % one.axes.length]!)
    const whole = { ...one, axes }
    const from = axes.map(axis => axis.from)
    return {
      steps: walk(rule, whole, 12, value => value),
      again: () => walk(rule, whole, 12, deepFreeze),
      idle: () =>
        rule.step(one.config)({ unit: from, gradient: from.map(() => 0), merit: 1, noise: 0 })(
          rule.start(one.config),
        ),
      from,
      least: axes.map(axis => axis.least),
      retreated: one.retreats.length > 0,
      arrived: () =>
        walk(rule, { ...whole, retreats: [] }, reached.after, value => value).at(-1)?.unit ?? from,
    }
  }

/**
 * Examines a descent rule.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * Laws.passed(Laws.descentRule(Parts.defaults.descent)({ runs: 10 })) // => true
 * ```
 */
export const descentRule =
  <R>(rule: DescentRule<R>) =>
  (options: Options = {}): Report =>
    examine<Case, DescentEvidence>(
      {
        subject: 'descent rule',
        cases: fc.record({
          config: configs(['descent']),
          axes: fc.array(
            fc.record({ from: thousandths(0, 1), least: thousandths(0, 1), curvature: thousandths(0.5, 20) }),
            { minLength: 1, maxLength: 3 },
          ),
          retreats: fc.uniqueArray(fc.nat(11), { maxLength: 3 }),
        }),
        evidence: evidenceOf(rule),
        laws: descentLaws,
      },
      options,
    )
