import { Bilevel, Parts } from '../../../src/core/index.js'

export const constantPenalty: Parts.PenaltySchedule = {
  ...Parts.defaults.penalty,
  next:
    () =>
    () =>
    () =>
    ({ penalty: rho }) =>
      rho,
}

export const variant = Bilevel.make({ name: 'constant-penalty', penalty: constantPenalty })
