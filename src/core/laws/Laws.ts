/**
 * Every examination of the law kit, under one name.
 *
 *     Laws.assert(Laws.method(mine, { options })({ runs: 300 }))
 *
 * Each examination takes a subject and returns a function from options to a {@link Report}. None of them throws.
 * `assert` throws if the report has faults, which suits any test runner.
 *
 * @module Laws
 */
export { assert } from './assert.js'
export { configurations } from './method/configurations.js'
export { method, optimum } from './method/examine.js'
export { choice } from './parts/choice.js'
export { constraintForm } from './parts/constraint.js'
export { descentRule } from './parts/descent.js'
export { design } from './parts/design.js'
export { penaltySchedule } from './parts/penalty.js'
export { toleranceSchedule } from './parts/tolerance.js'
export { format, formatFaults, passed, broken } from './Report.js'
export { surrogate } from './surrogate/examine.js'
export { regression } from './surrogate/Regression.js'
