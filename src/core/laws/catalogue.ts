/** The catalogue of all laws, grouped by subject; docs/laws.md shows it. */
import { configurationLaws } from './method/configurations.js'
import { methodLaws } from './method/examine.js'
import { findsOptimum } from './method/transitions.js'
import { choiceLaws } from './parts/choice.js'
import { constraintLaws } from './parts/constraint.js'
import { descentLaws } from './parts/descent.js'
import { designLaws } from './parts/design.js'
import { penaltyLaws } from './parts/penalty.js'
import { toleranceLaws } from './parts/tolerance.js'
import type { Statement } from './Report.js'
import { surrogateLaws } from './surrogate/laws.js'
import { regressionLaws } from './surrogate/regressionLaws.js'

/** The laws of one kind of subject. */
export interface Family {
  /** The function of `Laws` that examines the subject. */
  readonly name: string
  readonly laws: ReadonlyArray<Statement>
}

/**
 * All laws, in families, one per kind of subject. docs/laws.md shows this list.
 *
 * @example
 * ```ts
 * import { catalogue, type Family, type Statement } from 'bilevel-hpo/laws'
 *
 * const named = ({ name }: Family): boolean => name === 'penaltySchedule'
 * const laws: ReadonlyArray<Statement> = catalogue.find(named)?.laws ?? []
 * laws.some(({ name }) => name === 'penalty is positive') // => true
 * ```
 */
export const catalogue: ReadonlyArray<Family> = [
  { name: 'method', laws: methodLaws },
  { name: 'configurations', laws: configurationLaws },
  { name: 'optimum', laws: [findsOptimum] },
  { name: 'surrogate', laws: surrogateLaws },
  { name: 'regression', laws: regressionLaws },
  { name: 'constraintForm', laws: constraintLaws },
  { name: 'penaltySchedule', laws: penaltyLaws },
  { name: 'toleranceSchedule', laws: toleranceLaws },
  { name: 'design', laws: designLaws },
  { name: 'descentRule', laws: descentLaws },
  { name: 'choice', laws: choiceLaws },
]
