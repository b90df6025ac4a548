/** What whoever reads a comparison has to know, the same in the terminal and in `comparison.md`. */
import { nearness, type Analysis } from '../result/Analysis.js'
import type { Comparison } from '../result/Comparison.js'
import { confidence } from '../result/statistics.js'

/** Whose runs were made anew, where, when and of which source; nothing where none were. */
export const renewalNotes = ({ renewed = [] }: Comparison): ReadonlyArray<string> =>
  renewed.map(
    ({ label, date, machine: { processors, processor, jobs }, source }) =>
      `The runs of ${label} were made anew on ${date}, of the source at ${source}, on ${processors} processor(s) (${processor}), ` +
      `${jobs} at a time: on the same data and with the same budget, but their seconds are not to be compared with the others’.`,
  )

/** Marks weights that have seen validation data. */
export const mark = '†'

/** Notes on the main table. */
export const tableNotes = ({ plan, machine }: Comparison): ReadonlyArray<string> => [
  `Budget of each method: ${plan.budget.epochs} epochs until λ is found (${plan.budget.solves} lower-level solves of ` +
    `${plan.budget.epochsPerSolve} epochs, the most that one may take). A method may stop earlier. Solves, epochs and seconds are ` +
    'those until λ was found; partial trainings count as solves, and as the epochs that they took.',
  plan.seeds.length > 1
    ? `Means over ${plan.seeds.length} seeds ± their standard error.`
    : 'One seed: nothing is known of the scatter, and no difference here means much.',
  'Trained: weights trained at λ on the training set alone. λ was chosen by the validation set, so its loss there is ' +
    'flattering, the more so the more λ were tried. Refit: trained at λ on training and validation set together, by the same ' +
    'solver and from the same initial weights for every method. Nothing was chosen by the test set.',
  `Seconds are of runs that shared ${machine.processors} processor(s), ${machine.jobs} at a time: no clean timing. Processor ` +
    'seconds, of all threads together, are disturbed less.',
]

/** The note on the bilevel method's own weights, where there are any. */
export const ownNotes = ({ standings }: Analysis): ReadonlyArray<string> =>
  standings.some(({ of }) => of.ownTestLoss !== null || of.ownValidationLoss !== null)
    ? [
        `${mark} The method's own weights descended on the validation loss as well: their validation loss is no measure of λ, and ` +
          "their test loss is to be compared with refits, which saw as much, and never with the rivals' trained weights.",
      ]
    : []

/** Notes on differences. */
export const differenceNote =
  `Differences on the same seeds (same data, same initial weights), with ${100 * confidence} % intervals of Student's t; below 0 is ` +
  'better for losses, above 0 for accuracy.'

/** Notes on the race. */
export const raceNote =
  `Epochs until the validation loss was within ${100 * nearness} % of the lowest that any method reached at that seed; the median over the ` +
  'seeds, where never counts as later than any. Retrained: weights that were trained completely, at one λ, from the initial ' +
  "weights, on the training set alone. Continued: also those trained on from another λ's, as the bilevel method does between its " +
  'outer iterations.'
