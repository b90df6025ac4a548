/** The laws of a surrogate of φ. */
import { orderIrrelevant, unitsOfLambda, unitsOfOutput } from './invariance.js'
import { outlierIgnored, outlierSetsNoScale } from './outliers.js'
import {
  envelopeRespected,
  gradientOfMean,
  gradientOfVariance,
  interpolates,
  learns,
  learnsKnownPhi,
  refusesBadSamples,
} from './prediction.js'
import { surrogateDeterministic, surrogateSurvivesJson } from './state.js'
import {
  varianceAtMostPrior,
  varianceFallsAtSample,
  varianceNeverGrows,
  varianceNotNegative,
} from './variance.js'

/** Every law of a surrogate. */
export const surrogateLaws = [
  learns,
  refusesBadSamples,
  varianceNotNegative,
  varianceAtMostPrior,
  varianceNeverGrows,
  varianceFallsAtSample,
  interpolates,
  learnsKnownPhi,
  gradientOfMean,
  gradientOfVariance,
  envelopeRespected,
  unitsOfOutput,
  unitsOfLambda,
  orderIrrelevant,
  outlierIgnored,
  outlierSetsNoScale,
  surrogateDeterministic,
  surrogateSurvivesJson,
] as const
