/** All mutants, by subject. */
import { constraintMutants, penaltyMutants, toleranceMutants } from './dual.js'
import { configurationMutants, methodMutants } from './methods.js'
import type { Mutant } from './Mutant.js'
import { choiceMutants, descentMutants, designMutants } from './search.js'
import { regressionMutants, surrogateMutants } from './surrogates.js'

export type { Mutant } from './Mutant.js'

export const mutants: ReadonlyArray<{ readonly of: string; readonly mutants: ReadonlyArray<Mutant> }> = [
  { of: 'method', mutants: methodMutants },
  { of: 'configurations', mutants: configurationMutants },
  { of: 'surrogate', mutants: surrogateMutants },
  { of: 'regression', mutants: regressionMutants },
  { of: 'constraintForm', mutants: constraintMutants },
  { of: 'penaltySchedule', mutants: penaltyMutants },
  { of: 'toleranceSchedule', mutants: toleranceMutants },
  { of: 'design', mutants: designMutants },
  { of: 'descentRule', mutants: descentMutants },
  { of: 'choice', mutants: choiceMutants },
]
