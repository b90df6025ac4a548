import { isLeft } from 'fp-ts/lib/Either.js'
import { checkGradients, type Level, solveBilevel } from '../../src/core/index.js'

// Choose the shrinkage x so that y, the shrunk mean of `seen`, is near `unseen`.
const seen = [2.9, 3.4]
const unseen = [2, 2.2]
const squares = (data: readonly number[], y: number): number => data.reduce((sum, v) => sum + (y - v) ** 2, 0)
const slope = (data: readonly number[], y: number): number => data.reduce((sum, v) => sum + 2 * (y - v), 0)

const upperLevel: Level = (_, [y = 0]) => ({
  value: squares(unseen, y),
  gradX: [0],
  gradY: [slope(unseen, y)],
})
const lowerLevel: Level = ([x = 0], [y = 0]) => ({
  value: squares(seen, y) + x * y * y,
  gradX: [y * y],
  gradY: [slope(seen, y) + 2 * x * y],
})

const wrong = checkGradients(lowerLevel, [1], [1])
if (isLeft(wrong)) throw new Error(wrong.left)
for (const { message } of wrong.right) console.log(message)

const solved = solveBilevel({
  x: { start: [1], lower: [0], upper: [Infinity] },
  y: { start: [0] },
  upperLevel,
  lowerLevel,
})
if (isLeft(solved)) throw new Error(solved.left.message)
export const { x, y, stopReason } = solved.right // [1], [2.1], 'converged'
