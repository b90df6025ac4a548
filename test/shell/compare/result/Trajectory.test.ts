import fc from 'fast-check'
import type { LogRecord } from '../../../../src/core/log/LogRecord.js'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../../src/core/protocol/Command.js'
import type { Observation } from '../../../../src/core/protocol/Observation.js'
import { best, effortToReach, trajectory } from '../../../../src/shell/compare/result/Trajectory.js'

const scale = { train: 10, completeEpochs: 5 }

const solve = (id: number, lambda: number, from = 'initial'): Command => ({
  _tag: 'SolveLowerLevel',
  id,
  lambda: [lambda],
  from,
  tolerance: 1e-3,
  maxEpochs: 100,
})

const descend = (id: number, lambda: number, from: string, upperCoefficient: number): Command => ({
  _tag: 'DescendWeights',
  id,
  lambda: [lambda],
  from,
  upperCoefficient,
  lowerCoefficient: 1,
  steps: 5,
  batchSize: null,
  stepScale: 1,
  stream: id,
})

const losses = { lower: 1, upperGradient: [0], lowerGradient: [0], gradientNorm: 0.1 }

const solved = (id: number, upper: number, epochs: number, converged = false): Observation => ({
  _tag: 'LowerLevelSolved',
  id,
  ...losses,
  upper,
  weights: `w${id}`,
  effort: epochs * scale.train,
  converged,
})

const descended = (id: number, upper: number, epochs: number): Observation => ({
  _tag: 'WeightsDescended',
  id,
  ...losses,
  upper,
  weights: `w${id}`,
  effort: epochs * scale.train,
})

/** Issues each command alone, and answers it next. */
const log = (
  ...pairs: ReadonlyArray<readonly [Command, Observation]>
): ReadonlyArray<Pick<LogRecord, 'observation' | 'commands'>> => [
  { observation: null, commands: pairs[0] === undefined ? [] : [pairs[0][0]] },
  ...pairs.map(([, observation], i) => ({
    observation,
    commands: pairs[i + 1] === undefined ? [] : [pairs[i + 1]![0]],
  })),
]

const of = trajectory(scale)

describe('a trajectory', () => {
  it('has each new lowest loss of complete trainings, with the effort spent so far', () => {
    const found = of(
      log([solve(1, 0), solved(1, 3, 6)], [solve(2, 1), solved(2, 4, 7)], [solve(3, 2), solved(3, 2, 8)]),
    )
    const expected = [
      { effortEpochs: 6, loss: 3 },
      { effortEpochs: 21, loss: 2 },
    ]
    expect(found).toEqual({ retrained: expected, trained: expected })
  })

  it('includes the effort of all other commands', () => {
    const failed: Observation = { _tag: 'CommandFailed', id: 1, reason: 'diverged', effort: 20 }
    expect(of(log([solve(1, 0), failed], [solve(2, 1), solved(2, 1, 6)])).retrained).toEqual([
      { effortEpochs: 8, loss: 1 },
    ])
  })

  it('leaves out a training that stopped early, unless it converged or is continued at its λ', () => {
    expect(of(log([solve(1, 0), solved(1, 1, 4)])).trained).toEqual([])
    expect(of(log([solve(1, 0), solved(1, 1, 4, true)])).retrained).toEqual([{ effortEpochs: 4, loss: 1 }])
    expect(of(log([solve(1, 0), solved(1, 1, 3)], [solve(2, 0, 'w1'), solved(2, 2, 2)])).retrained).toEqual([
      { effortEpochs: 5, loss: 2 },
    ])
  })

  it('distinguishes weights continued from another λ from retrained ones', () => {
    const found = of(log([solve(1, 0), solved(1, 3, 6)], [solve(2, 1, 'w1'), solved(2, 2, 1)]))
    expect(found.retrained).toEqual([{ effortEpochs: 6, loss: 3 }])
    expect(found.trained).toEqual([
      { effortEpochs: 6, loss: 3 },
      { effortEpochs: 7, loss: 2 },
    ])
    // Once λ has changed, continued training never counts as retrained again.
    const back = of(
      log(
        [solve(1, 0), solved(1, 3, 6)],
        [solve(2, 1, 'w1'), solved(2, 2, 9)],
        [solve(3, 1, 'w2'), solved(3, 1, 9)],
      ),
    )
    expect(back.retrained).toHaveLength(1)
    expect(back.trained).toHaveLength(3)
  })

  it('never counts weights that used validation data, nor weights trained from them', () => {
    const found = of(
      log(
        [solve(1, 0), solved(1, 3, 6)],
        [descend(2, 0, 'w1', 0.1), descended(2, 0.5, 2)],
        [solve(3, 0, 'w2'), solved(3, 0.4, 60, true)],
      ),
    )
    expect(found.retrained).toEqual([{ effortEpochs: 6, loss: 3 }])
    expect(found.trained).toEqual([{ effortEpochs: 6, loss: 3 }])
    const onTraining = of(
      log(
        [solve(1, 0), solved(1, 3, 6)],
        [descend(2, 0, 'w1', 0), descended(2, 0.5, 2)],
        [solve(3, 0, 'w2'), solved(3, 0.4, 60, true)],
      ),
    )
    expect(onTraining.trained.at(-1)).toEqual({ effortEpochs: 68, loss: 0.4 })
    expect(onTraining.retrained).toHaveLength(1)
  })

  it('never counts weights whose training is not in the log', () => {
    expect(of(log([solve(1, 0, 'w99'), solved(1, 1, 60, true)])).trained).toEqual([])
    expect(of([{ observation: solved(5, 1, 60), commands: [] }]).trained).toEqual([])
  })

  it('has falling losses and rising efforts, for any losses', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 5, noNaN: true }), fc.nat(12), fc.boolean())),
        given => {
          const { retrained, trained } = of(
            log(
              ...given.map(
                ([loss, epochs, converged], i) => [solve(i, i), solved(i, loss, epochs, converged)] as const,
              ),
            ),
          )
          expect(trained).toEqual(retrained)
          for (const [i, point] of retrained.entries()) {
            if (i === 0) continue
            expect(point.loss).toBeLessThan(retrained[i - 1]!.loss)
            expect(point.effortEpochs).toBeGreaterThanOrEqual(retrained[i - 1]!.effortEpochs)
          }
          const complete = given
            .filter(([, epochs, converged]) => converged || epochs >= 5)
            .map(([loss]) => loss)
          expect(best(retrained)).toBe(complete.length === 0 ? null : Math.min(...complete))
        },
      ),
    ))
})

describe('the effort to reach a loss', () => {
  const points = [
    { effortEpochs: 5, loss: 3 },
    { effortEpochs: 9, loss: 2 },
  ]

  it('is that of the first loss at or below the target', () => {
    expect([4, 3, 2.5, 2, 1].map(target => effortToReach(target)(points))).toEqual([5, 5, 9, 9, null])
    expect(effortToReach(1)([])).toBeNull()
  })
})
