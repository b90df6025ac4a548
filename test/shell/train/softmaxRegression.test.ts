/** Checks the reference solution for measuring methods: it has the losses of the networks, and its gradient is that of F(w*(λ)). */
import { describe, expect, it } from 'vitest'
import * as Rng from '../../../src/core/numeric/Rng.js'
import { choose } from '../../../src/shell/backend/chooseBackend.js'
import type { ImageSet } from '../../../src/shell/data/set/ImageSet.js'
import { hyperparametersOf } from '../../../src/shell/model/Hyperparameters.js'
import { linear } from '../../../src/shell/model/linear.js'
import { networkInterpreter } from '../../../src/shell/work/networkInterpreter.js'
import { right } from '../../support/recordedRun.js'
import { blocks, softmaxRegression } from '../../support/softmaxRegression.js'

const [width, classes] = [6, 3]

/** Images in which one third is brighter, depending on the class. The first pixel is dark in all images. */
const images = (count: number, seed: number): ImageSet => {
  const [noise] = Rng.uniforms(count * width * width)(Rng.make(seed))
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes)
  return {
    images: Float32Array.from(noise, (u, at) => {
      const [example, pixel] = [Math.floor(at / width ** 2), at % width ** 2]
      if (pixel === 0 || u < 0.3) return 0
      return u * (pixel % classes === labels[example]! ? 0.8 : 0.5)
    }),
    labels,
    shape: [width, width, 1],
    classes,
  }
}

const [train, validation] = [images(60, 1), images(45, 2)]
const lambda = [0.5, -1, 1.5, 0]
const truth = () => softmaxRegression(train, validation, blocks(width, 3), { weights: 1e-10, adjoint: 1e-9 })

describe('the reference solution of softmax regression', () => {
  it('has the same minimum as a trained network, and the same losses', async () => {
    const regression = truth()
    expect(regression.dimension).toBe(4)
    const found = regression.hypergradient(lambda)
    expect(found.gradientNorm).toBeLessThan(1e-7)
    const network = linear([width, width, 1], classes)
    const hyperparameters = right(
      hyperparametersOf(network, { family: 'l2', per: 'block', block: 3, lower: -10, upper: 4 }),
    )
    const solver = {
      learningRate: 0.3,
      momentum: 0.5,
      batchSize: 20,
      epochs: 10,
      constantShare: 0.5,
      finalShare: 0.02,
      descentMomentum: 0.5,
      descentFinalShare: 0.1,
      memory: 10,
      chunkSize: 1000,
    }
    const interpreter = right(
      networkInterpreter(right(await choose('cpu')()), {
        splits: { train, validation, test: null },
        network,
        hyperparameters,
        solver,
        seed: 0,
      }),
    )
    const solved = right(
      await interpreter.answer({
        _tag: 'SolveLowerLevel',
        id: 1,
        lambda,
        from: 'initial',
        tolerance: 1e-5,
        maxEpochs: 1000,
      })(),
    )
    interpreter.dispose()
    if (solved._tag !== 'LowerLevelSolved') throw new Error(solved._tag)
    expect(solved.converged).toBe(true)
    // With a float32 gradient of 1e-5, the error of the value is of second order, that of other losses of first order.
    expect(solved.lower).toBeCloseTo(found.lower, 6)
    expect(solved.upper).toBeCloseTo(found.upper, 3)
    expect(regression.lossOn(validation, found)).toBeCloseTo(found.upper, 12)
  })

  it('has the gradient of the validation loss by λ, according to differences of exact minima', () => {
    const { gradient } = truth().hypergradient(lambda)
    const step = 1e-3
    const at = (k: number, by: number): number =>
      truth().hypergradient(lambda.map((x, i) => (i === k ? x + by : x))).upper
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-3)
    for (const [k, derivative] of gradient.entries())
      expect((at(k, step) - at(k, -step)) / (2 * step)).toBeCloseTo(derivative, 6)
  })

  it('finds the same minimum after any earlier search', () => {
    const regression = truth()
    const first = regression.hypergradient(lambda)
    regression.hypergradient([-6, 3, -6, 3])
    expect(regression.hypergradient(lambda).upper).toBeCloseTo(first.upper, 7)
  })
})
