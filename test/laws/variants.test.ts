/** The shipped variants: what they keep, and what each gives up and says so. */
import { describe, expect, it } from 'vitest'
import {
  equality,
  equalityForm,
  everGrowing,
  smallestViolation,
} from '../../docs/examples/variants/equalityForm.js'
import { quadratic, quadraticPenalty } from '../../docs/examples/variants/quadraticPenalty.js'
import { valueOnly, values } from '../../docs/examples/variants/valueOnly.js'
import { type Exception, Laws, type Options, type Report } from '../../src/core/laws/index.js'
import { examineMethod } from './subjects.js'

const declared = (names: ReadonlyArray<string>, because: string): ReadonlyArray<Exception> =>
  names.map(law => ({ law, because }))

const subjects: ReadonlyArray<
  readonly [name: string, examine: (options: Options) => Report, except: ReadonlyArray<Exception>]
> = [
  [
    'the equality form',
    Laws.constraintForm(equality),
    [
      ...declared(
        ['multiplier not negative', 'force is not negative', 'violation not negative'],
        'an equation pulls both ways',
      ),
      ...declared(['relaxed by epsilon', 'complementary'], 'an equation knows no ε and no complementarity'),
      ...declared(['multiplier within its range'], 'the authors have no safeguard'),
    ],
  ],
  [
    'the ever-growing penalty',
    Laws.penaltySchedule(everGrowing),
    declared(
      ['penalty stays where infeasibility shrank', 'penalty ignores noise'],
      'ρ grows whatever happens',
    ),
  ],
  [
    'the smallest violation',
    Laws.choice(smallestViolation),
    declared(['choice falls back'], 'the smallest violation is returned, whatever its F'),
  ],
  [
    'the quadratic penalty',
    Laws.constraintForm(quadratic),
    declared(
      ['multiplier follows the constraint', 'complementary', 'balanced at a solution only'],
      'κ = ρ·max(0, g) is a force and no multiplier: it goes with g, and holds at a violation above ε',
    ),
  ],
  [
    'values only',
    Laws.surrogate(values),
    [
      ...declared(['refuses bad samples'], 'gradients are dropped unseen, bad ones as well'),
      ...declared(['learns a known φ', 'envelope respected'], 'both come from ∇φ'),
    ],
  ],
]

describe('variants', () => {
  it.each([
    ['the equality form', examineMethod(equalityForm)],
    ['the quadratic penalty', examineMethod(quadraticPenalty)],
    ['values only', examineMethod(valueOnly)],
  ])('the method with %s keeps every law', (_, examine) => {
    Laws.assert(examine({ runs: 60 }))
  })

  it.each(subjects)('%s keeps all laws but those that it declares', (_, examine, except) => {
    const report = Laws.assert(examine({ runs: 200, except, shrinks: 20 }))
    expect(report.findings.filter(({ _tag }) => _tag === 'Declared')).toHaveLength(except.length)
  })
})
