/**
 * bilevel-hpo/laws: properties that every method, and every part of the bilevel method, must satisfy.
 *
 * - {@link Laws} examines a method or a part; it returns a report, or throws.
 * - {@link Simulate} has bilevel problems with known solutions, and worlds that answer a method's questions.
 * - {@link fromCodec} makes arbitraries from io-ts codecs.
 *
 * Needs `fast-check`, an optional peer dependency.
 *
 * @module bilevel-hpo/laws
 */
export * as Laws from './Laws.js'
export { catalogue, type Family } from './catalogue.js'
export { deepFreeze } from './deepFreeze.js'
export { examine, type Examination, type Options } from './examine.js'
export { fromCodec, type Overrides } from './fromCodec.js'
export { type Law, type Tested } from './Law.js'
export { type MethodArbitraries, type OptimumArbitraries } from './method/examine.js'
export { type MethodCase, type MethodEvidence } from './method/evidence.js'
export { configs, settings, spaces } from './parts/configs.js'
export { type Counterexample, type Exception, type Finding, type Report, type Statement } from './Report.js'
export * as Simulate from './simulate/index.js'
export { type FullPrediction, type Subject } from './surrogate/evidence.js'
export { type Regression } from './surrogate/Regression.js'
