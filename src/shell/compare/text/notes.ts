/** The notes that explain a comparison's tables, both in the terminal and in `comparison.md`. */
import { nearness, type Analysis } from '../result/Analysis.js'
import type { Comparison } from '../result/Comparison.js'
import { confidence } from '../result/statistics.js'

/** Says which methods' runs were repeated later, when, where and with which source; empty if none were. */
export const renewalNotes = ({ renewed = [] }: Comparison): ReadonlyArray<string> =>
  renewed.map(
    ({ label, date, machine: { processors, processor, jobs }, source }) =>
      `The runs of ${label} were repeated on ${date} with the source at ${source}, on ${processors} processor(s) (${processor}), ` +
      `${jobs} at a time. Data and budget are the same, but do not compare their seconds with the others’.`,
  )

/** Marks weights that were trained on validation data, too. */
export const mark = '†'

/** Notes on the main table. */
export const tableNotes = ({ plan, machine }: Comparison): ReadonlyArray<string> => [
  `Budget of each method: ${plan.budget.epochs} epochs until λ is found (${plan.budget.solves} lower-level solves with at ` +
    `most ${plan.budget.epochsPerSolve} epochs each). A method may stop earlier. Solves, epochs and seconds count until λ was ` +
    'found. A partial training counts as a solve, and with the epochs that it took.',
  plan.seeds.length > 1
    ? `Means over ${plan.seeds.length} seeds ± their standard error.`
    : 'One seed: the variance between seeds is unknown, so a difference here means little.',
  'Trained: weights trained at λ on the training set alone. λ was selected on the validation set, so the validation loss is ' +
    'optimistic; more so if more λ were tried. Refit: weights trained at λ on training and validation set together. Every ' +
    'method uses the same solver and the same initial weights. Nothing was selected on the test set.',
  `The runs shared ${machine.processors} processor(s), ${machine.jobs} at a time, so seconds are not a clean timing. Processor ` +
    'seconds, summed over all threads, are less disturbed.',
]

/** The note on the bilevel weights, if there are any. */
export const ownNotes = ({ standings }: Analysis): ReadonlyArray<string> =>
  standings.some(({ of }) => of.ownTestLoss !== null || of.ownValidationLoss !== null)
    ? [
        `${mark} The bilevel weights were trained on the validation loss, too, so their validation loss does not measure λ. ` +
          "Compare their test loss with refits, which saw the same data, and never with the rivals' trained weights.",
      ]
    : []

/** Marks weights that followed λ's path. */
export const trackedMark = '‡'

/** The note on tracked weights, if there are any. */
export const trackedNotes = ({ standings }: Analysis): ReadonlyArray<string> =>
  standings.some(({ of }) => of.trackedValidationLoss !== null)
    ? [
        `${trackedMark} Tracked weights followed λ's path on the training set alone, so their losses may be compared with those of retrained ` +
          'weights. The path refit repeats this path on training and validation set together; compare it with refits. Differences ' +
          "are taken to the rival's retrained and refitted weights.",
      ]
    : []

/** The note on the table of differences. */
export const differenceNote =
  `Differences at the same seeds (same data, same initial weights), with ${100 * confidence} % intervals of Student's t. Below 0 is ` +
  'better for losses, above 0 for accuracy.'

/** The note on the table of efforts to come near the best. */
export const raceNote =
  `Epochs until the validation loss was within ${100 * nearness} % of the lowest that any method reached at that seed. The median is over ` +
  'the seeds; a seed that never reached it counts as later than all others. Retrained: weights that were trained completely, ' +
  'at one λ, from the initial weights, on the training set alone. Continued: also weights that were trained further from those ' +
  'of another λ, as the bilevel method does between its outer iterations.'
