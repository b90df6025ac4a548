/** Which figures the runs of a task have. */
import { weighs } from './data/exampleWeights.js'
import { mapped } from './data/LambdaMap.js'
import { few } from './data/spread.js'
import type { Figure } from './figures/Figure.js'
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

/** Runs that have figures of their own: those of other seeds look alike. */
const mostOwn = 3

export interface Figures {
  readonly figures: ReadonlyArray<Figure>
  /** What is not drawn and why, for whoever misses it. */
  readonly remarks: ReadonlyArray<string>
}

const isBilevel = ({ method }: Run): boolean => method.startsWith('bilevel')

/** Runs whose λ is shown with images, or where images lie; those of the bilevel method before others. */
const pictured = ({ runs }: Task): ReadonlyArray<Run> => {
  const [{ space }] = runs
  const wanted = runs.filter(run => run.outcome !== null && (weighs(run) || mapped(space) !== 'no'))
  return [...wanted.filter(isBilevel), ...wanted.filter(run => !isBilevel(run))].slice(0, mostOwn)
}

/** The runs of a task whose training images its figures want to show. */
export const wantPictures = (task: Task): ReadonlyArray<Run> =>
  pictured(task).filter(run => weighs(run) || mapped(run.space) === 'by shape')

/** A suffix for ids, where there are several of a kind. */
const suffix = (count: number, i: number): string => (count === 1 ? '' : `-${i + 1}`)

/**
 * The figures of a task. Those of the bilevel method are of its runs only; the others are of any method's. `pictures`: the
 * training images of a run, if they were to be had.
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
  ]
  const left = (all: number): number => Math.max(0, all - mostOwn)
  return {
    figures: found.filter(figure => figure !== null),
    remarks: many
      ? [
          `With ${space.length} hyperparameters neither the validation loss nor the value function is drawn over each of them.`,
          ...(left(bilevel.length) === 0
            ? []
            : [
                `The spread of λ of ${left(bilevel.length)} more runs is not drawn; a report of one of them alone shows its own.`,
              ]),
        ]
      : left(modelled.length) === 0
        ? []
        : [
            `The value functions of ${left(modelled.length)} more runs are not drawn; a report of one of them alone shows its own.`,
          ],
  }
}
