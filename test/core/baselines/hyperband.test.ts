import { describe, expect, it } from 'vitest'
import { hyperband } from '../../../src/core/index.js'
import { box, type Landscape } from '../../support/landscape.js'
import { type Ran, returned, run } from './support.js'

const bowl = (lambda: ReadonlyArray<number>) => lambda.reduce((sum, x) => sum + (x - 0.3) ** 2, 0)
/** Trainings approach their final loss as 1/epochs, the same at every λ. */
const learning: Landscape = { loss: bowl, curve: (_, epochs) => 5 / epochs }

/** The numbers of trainings that were asked for together. */
const sizesOf = (commands: Ran['commands']): ReadonlyArray<number> =>
  commands
    .map(issued => issued.filter(({ _tag }) => _tag === 'SolveLowerLevel').length)
    .filter(size => size > 0)

const options = { space: box(2), seed: 3 }

describe('Hyperband', () => {
  const { commands, solves, outcome, infos } = run(hyperband, options)(learning)

  it('runs the brackets of its table rung by rung, and continues existing weights', () => {
    const rungs = commands
      .map(issued => issued.filter(command => command._tag === 'SolveLowerLevel'))
      .filter(issued => issued.length > 0)
      .map(issued => [
        issued.length,
        Math.round(issued[0]!.maxEpochs * 27) / 100,
        issued.every(({ from }) => from === 'initial'),
      ])
    expect(rungs).toEqual([
      [27, 1, true],
      [9, 2, false],
      [3, 6, false],
      [1, 18, false],
      [9, 3, true],
      [3, 6, false],
      [1, 18, false],
      [6, 9, true],
      [2, 18, false],
      [4, 27, true],
      // The best trial was not trained completely in one go, so it is trained once more.
      ...(outcome.rows[0]!.lowerLevelSolves === solves.length ? [] : [[1, 27, true]]),
    ])
    expect(outcome.rows[0]!.lowerLevelSolves).toBe(65)
  })

  it('continues the best of each rung from their weights', () => {
    const losses = solves.slice(0, 27).map(({ id, lambda }) => ({ weights: `w${id}`, loss: bowl(lambda) }))
    const best = losses.sort((a, b) => a.loss - b.loss).slice(0, 9)
    expect(solves.slice(27, 36).map(({ from }) => from)).toEqual(best.map(({ weights }) => weights))
  })

  it('keeps weights only as long as needed: never more than the largest rung has', () => {
    const held = new Set<string>()
    let most = 0
    for (const issued of commands)
      for (const command of issued)
        if (command._tag === 'ReleaseWeights') command.weights.forEach(ref => held.delete(ref))
        else {
          held.add(`w${command.id}`)
          most = Math.max(most, held.size)
        }
    expect(most).toBe(27)
    const kept = outcome.rows[0]!.weights
    // EvaluateLosses makes no weights.
    expect([...held].filter(ref => ref !== kept.trained && ref !== kept.refit)).toHaveLength(1)
  })

  it('reports the best F of complete trainings only', () => {
    const first = infos.findIndex(({ upperLoss }) => upperLoss !== null)
    expect(infos[first]!.lowerLevelSolves).toBe(27 + 9 + 3 + 1 + 9)
    const reported = infos.slice(first).flatMap(({ upperLoss }) => upperLoss ?? [])
    expect(reported).toEqual([...reported].sort((a, b) => b - a))
  })

  it('returns the best λ of the complete trainings', () => {
    expect(bowl(outcome.rows[0]!.lambda)).toBeLessThan(0.02)
  })

  it('replaces a bracket that the budget does not cover by smaller ones', () => {
    const { commands: few } = run(hyperband, {
      ...options,
      trainingExamples: 1,
      budget: { lowerLevelSolves: 1000, effortEpochs: 550 },
    })(learning)
    const rungs = sizesOf(few)
    // The first bracket takes 300 epochs, the second 233.3 of the rest.
    expect(rungs.slice(0, 7)).toEqual([27, 9, 3, 1, 9, 3, 1])
    const { commands: fewer } = run(hyperband, {
      ...options,
      trainingExamples: 1,
      budget: { lowerLevelSolves: 1000, effortEpochs: 270 },
    })(learning)
    // The first takes 300 even if only one trial reaches its end; the second has at least 9 trials, for 233.3.
    expect(sizesOf(fewer).slice(0, 3)).toEqual([9, 3, 1])
  })

  it('drops trials whose training fails, and ends if all fail', () => {
    const half = run(hyperband, options)({ ...learning, fails: ([x = 0]) => x < 0.5 })
    expect(returned(half)[0]).toBeGreaterThanOrEqual(0.5)
    const none = run(hyperband, options)({ ...learning, fails: () => true })
    expect([none.outcome.stopReason, none.outcome.rows]).toEqual(['noSample', []])
  })

  it('is the same run, in whatever order the answers arrive', () => {
    const last = run(hyperband, options)(learning, open => open - 1)
    const other = run(hyperband, options)(learning, (open, step) => (7 * step) % open)
    for (const { outcome: found, commands: asked } of [last, other]) {
      expect(found).toEqual(outcome)
      expect(asked.filter(issued => issued.length > 0)).toEqual(commands.filter(issued => issued.length > 0))
    }
  })
})
