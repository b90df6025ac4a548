/**
 * Where x is looked for: its bounds, a guess in their place where there are none, and only in components that can vary.
 */
import type { CompleteProblem } from './BilevelProblem.js'

type Vec = ReadonlyArray<number>

/** Where x has no bound, it is looked for within this many times its own size of the start, at first. */
export const reach = 100

/** The range in which x is looked for. */
export interface Box {
  readonly lower: Vec
  readonly upper: Vec
}

/** The bounds where there are any, and `factor` times the size of `center` around it where not. */
export const boxAround = ({ x }: CompleteProblem, center: Vec, factor: number): Box => {
  const span = center.map(value => factor * reach * Math.max(1, Math.abs(value)))
  return {
    lower: x.lower.map((bound, k) => Math.max(bound, center[k]! - span[k]!)),
    upper: x.upper.map((bound, k) => Math.min(bound, center[k]! + span[k]!)),
  }
}

/** Components of x that can vary at all; the others stay at their one value. */
export const freeOf = ({ x }: CompleteProblem): ReadonlyArray<number> =>
  x.start.flatMap((_, k) => (x.lower[k]! < x.upper[k]! ? [k] : []))

/** The problem in its free components of x alone. */
export const restricted = (problem: CompleteProblem, free: ReadonlyArray<number>): CompleteProblem => {
  const pick = (v: Vec): Vec => free.map(k => v[k]!)
  const whole = (part: Vec): Vec => {
    const x = [...problem.x.start]
    free.forEach((k, i) => (x[k] = part[i]!))
    return x
  }
  const level =
    (of: 'upperLevel' | 'lowerLevel') =>
    (x: Vec, y: Vec): ReturnType<CompleteProblem['upperLevel']> => {
      const { value, gradX, gradY } = problem[of](whole(x), y)
      return { value, gradX: pick(gradX), gradY }
    }
  const own = problem.solveLowerLevel
  return {
    ...(own === undefined ? {} : { solveLowerLevel: (x: Vec, from: Vec) => own(whole(x), from) }),
    x: { start: pick(problem.x.start), lower: pick(problem.x.lower), upper: pick(problem.x.upper) },
    y: problem.y,
    upperLevel: level('upperLevel'),
    lowerLevel: level('lowerLevel'),
  }
}

/** Whether a component lies on a bound that the problem itself does not have. */
export const onGuessedBound = ({ x }: CompleteProblem, box: Box, found: Vec): boolean =>
  found.some((value, k) => {
    const near = 1e-6 * (box.upper[k]! - box.lower[k]!)
    return (
      (value - box.lower[k]! <= near && box.lower[k]! > x.lower[k]!) ||
      (box.upper[k]! - value <= near && box.upper[k]! < x.upper[k]!)
    )
  })

/** Whether a guessed range turned out to be so wide that its share is no accuracy for what was found in it. */
export const tooWide = ({ x }: CompleteProblem, box: Box, found: Vec): boolean =>
  found.some((value, k) => {
    const guessed = box.lower[k]! > x.lower[k]! || box.upper[k]! < x.upper[k]!
    return guessed && box.upper[k]! - box.lower[k]! > 1e3 * reach * Math.max(1, Math.abs(value))
  })
