/** What the variants of docs/examples/variants do, compared with the method itself, on ridge regression. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { constantPenalty } from '../../docs/examples/variants/constantPenalty.js'
import { equalityForm } from '../../docs/examples/variants/equalityForm.js'
import { reports } from '../../docs/examples/variants/laws.js'
import { quadratic, quadraticPenalty } from '../../docs/examples/variants/quadraticPenalty.js'
import { valueOnly, values } from '../../docs/examples/variants/valueOnly.js'
import {
  bilevel,
  Bilevel,
  type BilevelConfig,
  type BilevelState,
  decode,
  type Method,
  Parts,
} from '../../src/core/index.js'
import { Laws, type Report } from '../../src/core/laws/index.js'
import type { Info, ResultRow } from '../../src/core/protocol/Info.js'
import { lawCases } from '../support/cases.js'
import { driveInMemory } from '../support/driveInMemory.js'
import { type Ridge, ridgeOptimum, ridgeSpace, ridgeWorld } from '../support/ridge.js'
import { examineMethod } from '../laws/subjects.js'

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(`expected a Right, found ${JSON.stringify(either.left)}`)
}

const long = {
  budget: { outerIterations: 40, lowerLevelSolves: 60 },
  stop: { step: 2e-4 },
  averaged: 2,
} as const

interface Run<S> {
  readonly states: ReadonlyArray<S>
  /** One for each step of λ. */
  readonly steps: ReadonlyArray<Info>
  readonly row: ResultRow
}

const run = <S>(method: Method<BilevelConfig, S>, ridge: Ridge, upper: number, options: object): Run<S> => {
  const config = right(decode(method.config)({ space: ridgeSpace(ridge, -6, upper), ...long, ...options }))
  const transitions = right(driveInMemory(method, config, ridgeWorld(ridge)))
  const infos = transitions.map(({ info }) => info)
  return {
    states: transitions.map(({ state }) => state),
    steps: infos.filter(({ coefficient }) => coefficient !== null),
    row: infos.at(-1)!.outcome!.rows.at(-1)!,
  }
}

/** F is least at λ ≈ 0.4. Where the space ends at 0, the constraint has a multiplier at the solution. */
const ridge: Ridge = { a: [2], b: [0.8] }
const bounded = 0

/** One ε all along, so that what is left of the violation is the constraint form's alone. */
const fixedEpsilon = { epsilon: { initial: 1e-4, factor: 1 } }
const last = <A>(values: ReadonlyArray<A>): A => values.at(-1)!

describe('the pure quadratic penalty', () => {
  // The same ρ for both, all along.
  const options = { ...fixedEpsilon, penalty: { initial: 0.3 } }
  const withMultiplier = run(Bilevel.make({ penalty: constantPenalty }), ridge, bounded, options)
  const without = run(
    Bilevel.make({ penalty: constantPenalty, constraint: quadratic }),
    ridge,
    bounded,
    options,
  )

  it('leaves a violation of κ/ρ beyond ε, where at the same ρ a multiplier leaves none', () => {
    const [a, b] = [last(withMultiplier.steps), last(without.steps)]
    expect(a.penalty).toBe(b.penalty)
    expect(Math.abs(a.violation! - a.epsilon!)).toBeLessThan(1e-6 * a.epsilon!)
    expect(b.violation! / b.epsilon!).toBeGreaterThan(1.2)
    const bias = b.coefficient! / b.penalty!
    expect(Math.abs(b.violation! - b.epsilon! - bias)).toBeLessThan(1e-6 * bias)
  })

  it('leaves a smaller one at a larger ρ', () => {
    const stronger = run(Bilevel.make({ penalty: constantPenalty, constraint: quadratic }), ridge, bounded, {
      ...fixedEpsilon,
      penalty: { initial: 3 },
    })
    const excess = ({ violation, epsilon }: Info): number => violation! - epsilon!
    expect(excess(last(stronger.steps))).toBeLessThan(excess(last(without.steps)) / 5)
    expect(excess(last(stronger.steps))).toBeGreaterThan(0)
  })
})

describe('the equality form', () => {
  it('has a multiplier that never stops growing where the inequality’s settles', () => {
    const multipliers = <S>(method: Method<BilevelConfig, S>): ReadonlyArray<number> =>
      run(method, ridge, bounded, fixedEpsilon).steps.map(({ multiplier }) => multiplier!)
    const [equality, inequality] = [multipliers(equalityForm), multipliers(bilevel)]
    expect(equality.length).toBe(40)
    equality.slice(1).forEach((mu, i) => expect(mu).toBeGreaterThan(equality[i]!))
    expect(last(equality)).toBeGreaterThan(1.1 * equality.at(-2)!)
    expect(Math.abs(last(inequality) / inequality.at(-2)! - 1)).toBeLessThan(1e-3)
  })

  it('returns the iterate of the smallest |f − φ̂|, and λ of that one', () => {
    const { steps, row } = run(equalityForm, ridge, 4, {})
    const sizes = steps.map(({ violation }) => Math.abs(violation!))
    expect(Math.abs(row.violation!)).toBe(Math.min(...sizes))
    expect(row.lambda).toEqual(steps[sizes.indexOf(Math.min(...sizes))]!.lambda)
    expect(row.lambda).not.toEqual(last(steps).lambda)
  })

  it('believes φ̂ where that is above f: its violation may be negative', () => {
    const options = {
      // Of few samples; more would leave φ̂ nothing to be wrong about.
      design: { kind: 'diagonal', size: 5 },
      pair: { reference: 'surrogate' },
      kernel: 'rbf',
      linearInCoefficients: false,
    }
    const violations = <S>(method: Method<BilevelConfig, S>): ReadonlyArray<number> =>
      run(method, { a: [1, 2], b: [0.4, 1.2] }, 4, options).steps.map(({ violation }) => violation!)
    expect(Math.min(...violations(equalityForm))).toBeLessThan(0)
    expect(Math.min(...violations(bilevel))).toBeGreaterThanOrEqual(0)
  })
})

describe('the value-only process', () => {
  const problem: Ridge = { a: [1, 2], b: [0.4, 1.2] }
  const options = { pair: { reference: 'surrogate' }, linearInCoefficients: false }
  const phiGradient = (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    problem.a.map((a, k) => (a * a * Math.exp(lambda[k]!)) / (1 + Math.exp(lambda[k]!)) ** 2)

  it('knows ∇φ far worse after the same samples', () => {
    const meanError = ({ states }: Run<BilevelState>): number => {
      const phi = states.find(({ surrogate }) => surrogate !== null)!.surrogate!
      const lambdas = Array.from({ length: 20 }, (_, i) => [-5 + 0.45 * i, 3.5 - 0.45 * i])
      const errors = lambdas.flatMap(lambda => {
        const { gradient } = Parts.defaults.surrogate.predict(lambda)(phi)
        return phiGradient(lambda).map((exact, k) => Math.abs(exact - gradient[k]!))
      })
      return errors.reduce((sum, error) => sum + error, 0) / errors.length
    }
    const design = { design: { kind: 'sobol', size: 8 } }
    const [values, both] = [valueOnly, bilevel].map(method =>
      meanError(run(method, problem, 4, { ...options, ...design })),
    )
    expect(values!).toBeGreaterThan(2 * both!)
  })

  it('finds λ less well, at more solves, where the violation is measured against φ̂', () => {
    const [values, both] = [valueOnly, bilevel].map(method => run(method, problem, 4, options).row)
    const error = ({ lambda }: ResultRow): number =>
      Math.max(...ridgeOptimum(problem).map((exact, k) => Math.abs(exact - lambda[k]!)))
    expect(error(both!)).toBeLessThan(2e-3)
    expect(error(values!)).toBeGreaterThan(5 * error(both!))
    expect(values!.lowerLevelSolves).toBeGreaterThan(both!.lowerLevelSolves)
  })
})

describe('the laws', () => {
  it.each([quadraticPenalty, equalityForm, valueOnly])('of a method are all kept by $name', variant => {
    Laws.assert(examineMethod(variant)(lawCases(40, 'heavy')))
  })

  it('of a constraint form are kept by the quadratic penalty, but for those that speak of a multiplier', () => {
    const because = 'what stands for the multiplier is κ = ρ·max(0, g), which is zero where g is'
    Laws.assert(
      Laws.constraintForm(quadratic)({
        ...lawCases(100, 'quick'),
        except: [
          { law: 'multiplier follows the constraint', because },
          { law: 'complementary', because },
          { law: 'balanced at a solution only', because },
        ],
      }),
    )
  })

  it('of a surrogate are kept by the value-only process, but for those that count on gradients', () => {
    Laws.assert(
      Laws.surrogate(values)({
        ...lawCases(300, 'slow'),
        shrinks: 0,
        except: [
          { law: 'refuses bad samples', because: 'a gradient that is left out is not looked at' },
          { law: 'envelope respected', because: 'the bound of a sample needs its gradient' },
        ],
      }),
    )
  })

  it('of the example are those that it says', () => {
    const declared = ({ findings }: Report): number =>
      findings.filter(({ _tag }) => _tag === 'Declared').length
    expect(reports.map(Laws.passed)).toEqual(reports.map(() => true))
    expect(reports.map(declared)).toEqual([0, 6, 2, 1])
  })
})

describe('the variants', () => {
  const folder = fileURLToPath(new URL('../../docs/examples/variants', import.meta.url))
  const files = readdirSync(folder)
  const text = readFileSync(join(folder, '../../research-variants.md'), 'utf8')

  it('are named, each by a name of its own', () => {
    const names = [quadraticPenalty, equalityForm, valueOnly, bilevel].map(({ name }) => name)
    expect(names).toEqual(['quadratic-penalty', 'equality-form', 'value-only', 'bilevel'])
  })

  it.each(files)('%s takes at most 60 lines', file => {
    expect(readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60)
  })

  it('are what docs/research-variants.md shows, all of them', () => {
    const shown = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block)
    const code = files.map(file =>
      readFileSync(join(folder, file), 'utf8')
        .replaceAll("'../../../src/core/index.js'", "'bilevel-hpo'")
        .replaceAll("'../../../src/core/laws/index.js'", "'bilevel-hpo/laws'"),
    )
    expect([...shown].sort()).toEqual([...code].sort())
  })
})
