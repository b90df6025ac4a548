/** The result that test/bench/cleaning.ts writes; docs/many.md is made from it. */
import * as t from 'io-ts'

const Trained = t.readonly(t.strict({ accuracy: t.number, loss: t.number, examples: t.number }))

export const CleaningRun = t.readonly(
  t.strict({
    seed: t.number,
    seconds: t.number,
    megabytes: t.number,
    lowerLevelSolves: t.number,
    /** Effort until λ was found, in solves of the largest allowed number of epochs. */
    solvesOfEffort: t.number,
    wrong: t.number,
    wrongBelowHalf: t.number,
    rightAboveHalf: t.number,
    learned: t.readonly(t.strict({ accuracy: t.number, loss: t.number, validationLoss: t.number })),
    refit: t.readonly(t.strict({ accuracy: t.number, loss: t.number })),
    plain: Trained,
    clean: Trained,
    together: Trained,
    keptAndValidation: Trained,
    /** The result if the wrong labels were known. */
    cleanAndValidation: Trained,
  }),
  'CleaningRun',
)
/** The result of one seed. */
export type CleaningRun = t.TypeOf<typeof CleaningRun>

export const CleaningResult = t.readonly(
  t.strict({
    script: t.string,
    date: t.string,
    machine: t.string,
    node: t.string,
    preset: t.string,
    backend: t.string,
    runs: t.readonlyArray(CleaningRun),
  }),
  'CleaningResult',
)
/** The results of all seeds so far. */
export type CleaningResult = t.TypeOf<typeof CleaningResult>
