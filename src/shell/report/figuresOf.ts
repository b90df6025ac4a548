/** Which figures the runs of a task have. */
import type { Figure } from './figures/Figure.js'
import { bestFigure, gapFigure } from './figures/best.js'
import { dualFigure } from './figures/dual.js'
import { landscapeFigure } from './figures/landscape.js'
import { phiFigure } from './figures/valueFunction.js'
import { validationFigure } from './figures/validation.js'
import type { Task } from './Task.js'
import type { Truth } from './Truth.js'

/** Runs whose φ̂ is drawn: those of other seeds look alike. */
const mostPhi = 3

export interface Figures {
  readonly figures: ReadonlyArray<Figure>
  /** Runs whose φ̂ is not drawn, for there are too many. */
  readonly phiLeftOut: number
}

/** The figures of a task. Those of the bilevel method are of its runs only; the others are of any method's. */
export const figuresOf = ({ runs }: Task, truth: Truth | null): Figures => {
  const { space } = runs[0]
  const modelled = runs.filter(({ phi }) => phi !== null)
  const bilevel = runs.filter(({ method }) => method.startsWith('bilevel'))
  const found = [
    bestFigure(runs),
    gapFigure(runs),
    validationFigure(space, runs, truth),
    landscapeFigure(space, runs),
    ...modelled
      .slice(0, mostPhi)
      .map((run, i) => phiFigure(run, modelled.length === 1 ? 'value-function' : `value-function-${i + 1}`)),
    dualFigure(bilevel),
  ]
  return {
    figures: found.filter(figure => figure !== null),
    phiLeftOut: Math.max(0, modelled.length - mostPhi),
  }
}
