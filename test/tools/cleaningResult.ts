/** What test/bench/cleaning.ts writes and docs are made from. */
import * as t from 'io-ts'

const Trained = t.readonly(t.strict({ accuracy: t.number, loss: t.number, examples: t.number }))

export const CleaningRun = t.readonly(
  t.strict({
    seed: t.number,
    seconds: t.number,
    megabytes: t.number,
    lowerLevelSolves: t.number,
    /** Effort until λ was found, in solves of the most epochs that one may take. */
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
    /** What would be had if the wrong labels were known. */
    cleanAndValidation: Trained,
  }),
  'CleaningRun',
)
/** One seed. */
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
/** All seeds so far. */
export type CleaningResult = t.TypeOf<typeof CleaningResult>
