import { Parts } from '../../../src/core/index.js'
import { Laws } from '../../../src/core/laws/index.js'

/** A variant with a bug: the multiplier's update lacks its max(0, ·). */
const faulty: Parts.ConstraintForm = {
  ...Parts.defaults.constraint,
  next:
    () =>
    ({ constraint }) =>
    ({ multiplier, penalty }) =>
      multiplier + penalty * constraint,
}

export const report = Laws.constraintForm(faulty)({ only: ['multiplier not negative'] })
export const printed = Laws.formatFaults(report)
