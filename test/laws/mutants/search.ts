/** Faults of the initial design, of the descent rule, and of the choice of the returned iterate. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Parts, Rng, SearchSpace } from '../../../src/core/index.js'
import { Laws } from '../../../src/core/laws/index.js'
import type { Mutant } from './Mutant.js'

const { design, descent, choice } = Parts.defaults
type Points = ReadonlyArray<ReadonlyArray<number>>
type Config = Parameters<typeof design.points>[0]

const ofDesign = (
  name: string,
  law: string,
  fault: string,
  change: (points: Points, config: Config) => Points,
): Mutant => ({
  name,
  law,
  fault,
  examine: Laws.design({
    points: config =>
      pipe(
        design.points(config),
        E.map(points => change(points, config)),
      ),
  }),
})

const ofDescent = (name: string, law: string, fault: string, make: () => typeof descent): Mutant => ({
  name,
  law,
  fault,
  examine: options => Laws.descentRule(make())(options),
})

const ofChoice = (name: string, law: string, fault: string, change: Partial<typeof choice>): Mutant => ({
  name,
  law,
  fault,
  examine: Laws.choice({ ...choice, ...change }),
})

export const designMutants: ReadonlyArray<Mutant> = [
  ofDesign('design off by one', 'design has its size', 'The last point is left out.', points =>
    points.slice(0, -1),
  ),
  ofDesign(
    'design beyond its box',
    'design within its box',
    'Points are spread over the whole space, whatever the box.',
    (points, { space, design: { lower, upper } }) =>
      points.map(point =>
        point.map((value, k) => {
          const [from, to] = [lower?.[k] ?? space[k]!.lower, upper?.[k] ?? space[k]!.upper]
          return space[k]!.lower + ((value - from) / (to - from)) * (space[k]!.upper - space[k]!.lower)
        }),
      ),
  ),
  ofDesign(
    'design by chance',
    'design is deterministic',
    'Points are disturbed by Math.random.',
    (points, { space }) =>
      points.map(point => SearchSpace.clamp(space)(point.map(value => value + 1e-9 * Math.random()))),
  ),
  ofDesign('point twice', 'design has no point twice', 'The first point is repeated as the last.', points =>
    points.map((point, i) => (i === points.length - 1 ? points[0]! : point)),
  ),
  ofDesign(
    'design not stratified',
    'design is stratified',
    'Points are uniformly random instead, from the seed.',
    (points, { space, seed }) => {
      const d = space.length
      const [uniforms] = Rng.uniforms(points.length * d)(Rng.make(seed, 7))
      return points.map((_, i) => SearchSpace.fromUnit(space)(uniforms.slice(i * d, (i + 1) * d)))
    },
  ),
  ofDesign(
    'design in its configuration',
    'design leaves its configuration alone',
    'The size in the configuration is overwritten with the number of points.',
    (points, config) => {
      Reflect.set(config.design, 'size', points.length + 1)
      return points
    },
  ),
]

export const descentMutants: ReadonlyArray<Mutant> = [
  ofDescent('uphill', 'descent starts downhill', 'The sign of the gradient is flipped.', () => ({
    ...descent,
    step: config => measured =>
      descent.step(config)({ ...measured, gradient: measured.gradient.map(g => -g) }),
  })),
  ofDescent(
    'out of the cube',
    'descent stays in the cube',
    'A gradient step of a fixed length, not clamped.',
    () => ({
      ...descent,
      step: config => measured => before => ({
        ...descent.step(config)(measured)(before),
        unit: measured.unit.map((u, k) => u - 0.1 * measured.gradient[k]!),
      }),
    }),
  ),
  ofDescent(
    'never at rest',
    'descent rests where the gradient vanishes',
    'A zero derivative counts as positive.',
    () => ({
      ...descent,
      step: config => measured =>
        descent.step(config)({ ...measured, gradient: measured.gradient.map(g => (g === 0 ? 1e-3 : g)) }),
    }),
  ),
  ofDescent(
    'settled at once',
    'descent states its longest step',
    'The longest step is stated as zero.',
    () => ({
      ...descent,
      step: config => measured => before => ({
        ...descent.step(config)(measured)(before),
        longest: 0,
        backtracking: false,
      }),
    }),
  ),
  ofDescent(
    'state that JSON cannot write',
    'descent’s state survives JSON',
    'The radius, or the first step, is infinite after a retreat.',
    () => ({
      ...descent,
      retreat: config => before => {
        const after = descent.retreat(config)(before)
        return after.rule === 'signs'
          ? { ...after, steps: after.steps.map(() => Infinity) }
          : { ...after, radius: Infinity }
      },
    }),
  ),
  ofDescent(
    'momentum in a closure',
    'descent is deterministic',
    'The previous step is stored outside the state.',
    () => {
      let last: ReadonlyArray<number> | null = null
      return {
        ...descent,
        step: config => measured => before => {
          const moved = descent.step(config)(measured)(before)
          const unit = moved.unit.map((u, k) => Math.min(1, Math.max(0, u + 0.01 * (last?.[k] ?? 0))))
          last = moved.unit
          return { ...moved, unit }
        },
      }
    },
  ),
  ofDescent(
    'steps that never shrink',
    'descent finds a minimum',
    'Every step starts from the initial state.',
    () => ({
      ...descent,
      step: config => measured => () => descent.step(config)(measured)(descent.start(config)),
    }),
  ),
]

export const choiceMutants: ReadonlyArray<Mutant> = [
  ofChoice(
    'mean not clamped',
    'choice within the space',
    'The sum of the last λ is returned instead of their mean.',
    {
      lambda:
        ({ averaged }) =>
        ({ path }) =>
          path[0]!.map((_, k) => path.slice(-averaged).reduce((sum, lambda) => sum + lambda[k]!, 0)),
    },
  ),
  ofChoice('extrapolated', 'choice among what was visited', 'The last step is added a second time.', {
    lambda:
      ({ space }) =>
      ({ path }) =>
        SearchSpace.clamp(space)(
          path.at(-1)!.map((value, k) => 2 * value - (path.at(-2) ?? path.at(-1)!)[k]!),
        ),
  }),
  ofChoice(
    'no falling back',
    'choice falls back',
    'Retrained weights are returned however badly they validate.',
    {
      accepts: () => () => true,
    },
  ),
  ofChoice('latest preferred', 'choice takes no turns', 'Every candidate takes the incumbent’s place.', {
    prefers: () => () => true,
  }),
  ofChoice('path reversed in place', 'choice is deterministic', 'The path argument is reversed.', {
    lambda: config => visited => {
      const { path } = visited
      if (Array.isArray(path)) path.reverse()
      return choice.lambda(config)(visited)
    },
  }),
]
