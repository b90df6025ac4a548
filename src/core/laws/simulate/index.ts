/**
 * Bilevel problems with known solutions, and worlds that answer a method's questions about them.
 *
 * @module Simulate
 */
export { drive, type Answered, type DriveOptions, type Ending, type Run } from './drive.js'
export { functions, functionWorld } from './functions.js'
export { friendly, hostile, type Hostility } from './Hostility.js'
export {
  hostilities,
  problems,
  quadraticProblems,
  ridgeProblems,
  ridgeProblemsOf,
  ridges,
} from './problems.js'
export { type Quadratic, randomQuadratic } from './Quadratic.js'
export {
  randomRidge,
  type Ridge,
  ridge,
  ridgeOptimum,
  ridgeSpace,
  ridgeValue,
  ridgeValueGradient,
  ridgeWorld,
} from './Ridge.js'
export { type Simulated, type World } from './World.js'
