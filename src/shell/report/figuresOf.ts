/** Selects the figures for the runs of a task. */
import { weighs } from './data/exampleWeights.js'
import { mapped } from './data/LambdaMap.js'
import { few } from './data/spread.js'
import type { Figure } from './figures/Figure.js'
import { accuracyFigure } from './figures/accuracy.js'
import { bestFigure, gapFigure } from './figures/best.js'
import { dualFigure } from './figures/dual.js'
import { exampleFigures } from './figures/exampleWeights.js'
import { mapFigures } from './figures/lambdaMap.js'
import { landscapeFigure } from './figures/landscape.js'
import { spreadFigure } from './figures/spread.js'
import { phiFigure } from './figures/valueFunction.js'
import { validationFigure } from './figures/validation.js'
import type { Pictures } from './Pictures.js'
import type { Run } from './Run.js'
import type { Task } from './Task.js'
import type { Truth } from './Truth.js'

/** The most runs with their own figures; figures of further seeds look alike. */
const mostOwn = 3

export interface Figures {
  readonly figures: ReadonlyArray<Figure>
  /** Says what is not drawn, and why. */
  readonly remarks: ReadonlyArray<string>
}

const isBilevel = ({ method }: Run): boolean => method.startsWith('bilevel')

/** The runs whose λ is shown with images or as a map of pixels; those of the bilevel method first. */
const pictured = ({ runs }: Task): ReadonlyArray<Run> => {
  const [{ space }] = runs
  const wanted = runs.filter(run => run.outcome !== null && (weighs(run) || mapped(space) !== 'no'))
  return [...wanted.filter(isBilevel), ...wanted.filter(run => !isBilevel(run))].slice(0, mostOwn)
}

/** The runs of a task whose figures need their training images. */
export const wantPictures = (task: Task): ReadonlyArray<Run> =>
  pictured(task).filter(run => weighs(run) || mapped(run.space) === 'by shape')

/** A suffix that makes ids unique if there are several figures of a kind. */
const suffix = (count: number, i: number): string => (count === 1 ? '' : `-${i + 1}`)

/**
 * The figures of a task. Some figures exist only for runs of the bilevel method. `pictures` returns the training images of
 * a run, or `null` if they are not available.
 */
export const figuresOf = (
  task: Task,
  truth: Truth | null,
  pictures: (run: Run) => Pictures | null = () => null,
): Figures => {
  const { runs } = task
  const { space } = runs[0]
  const many = space.length > few
  const modelled = runs.filter(({ phi }) => phi !== null)
  const bilevel = runs.filter(isBilevel)
  const measuring = runs.filter(({ steps }) => steps.some(({ info }) => info.signal !== undefined))
  const shown = pictured(task)
  const found = [
    bestFigure(runs),
    gapFigure(runs),
    ...shown.flatMap((run, i) => [
      ...exampleFigures(run, suffix(shown.length, i), pictures(run)),
      ...mapFigures(run, suffix(shown.length, i), pictures(run)),
    ]),
    ...(many
      ? bilevel.slice(0, mostOwn).map((run, i) => spreadFigure(run, `spread${suffix(bilevel.length, i)}`))
      : [
          validationFigure(space, runs, truth),
          landscapeFigure(space, runs),
          ...modelled
            .slice(0, mostOwn)
            .map((run, i) => phiFigure(run, `value-function${suffix(modelled.length, i)}`)),
        ]),
    dualFigure(bilevel),
    ...measuring
      .slice(0, mostOwn)
      .map((run, i) => accuracyFigure(run, `accuracy${suffix(Math.min(mostOwn, measuring.length), i)}`)),
  ]
  const left = (all: number): number => Math.max(0, all - mostOwn)
  return {
    figures: found.filter(figure => figure !== null),
    remarks: many
      ? [
          `With ${space.length} hyperparameters, the validation loss and the value function are not drawn over each of them.`,
          ...(left(bilevel.length) === 0
            ? []
            : [
                `The spread of λ of ${left(bilevel.length)} more runs is not drawn; a report of a single run shows it.`,
              ]),
        ]
      : left(modelled.length) === 0
        ? []
        : [
            `The value functions of ${left(modelled.length)} more runs are not drawn; a report of a single run shows it.`,
          ],
  }
}
