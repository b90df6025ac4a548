import { Parts } from '../../../src/core/index.js'
import { Laws } from '../../../src/core/laws/index.js'

/** A variant with a slip: the multiplier's update without its max(0, ·). */
const slipped: Parts.ConstraintForm = {
  ...Parts.defaults.constraint,
  next:
    () =>
    ({ constraint }) =>
    ({ multiplier, penalty }) =>
      multiplier + penalty * constraint,
}

export const report = Laws.constraintForm(slipped)({ only: ['multiplier not negative'] })
export const printed = Laws.formatFaults(report)
