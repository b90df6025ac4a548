/** User-defined terms: derivatives, minibatches, sparse images, training, tensors, and the check of derivatives. */
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { confidence, orthogonality } from '../../../../docs/examples/ownTerms.js'
import { make, normals } from '../../../../src/core/numeric/Rng.js'
import { choose } from '../../../../src/shell/backend/chooseBackend.js'
import { size } from '../../../../src/shell/data/set/ImageSet.js'
import { checkFamily } from '../../../../src/shell/model/checkFamily.js'
import { fixedAt, type Family, type TermAt } from '../../../../src/shell/model/families/Family.js'
import { FamilyConfig, familiesOf } from '../../../../src/shell/model/families/FamilyConfig.js'
import { groupingOf } from '../../../../src/shell/model/families/Grouping.js'
import { l2 } from '../../../../src/shell/model/families/l2.js'
import { ownTerm } from '../../../../src/shell/model/families/OwnTerm.js'
import { tensorTerm } from '../../../../src/shell/model/families/tensorTerm.js'
import { denseGradient } from '../../../../src/shell/train/gradient/denseGradient.js'
import type { LossGradient } from '../../../../src/shell/train/gradient/LossGradient.js'
import { gradientOf } from '../../../../src/shell/train/gradient/gradientOf.js'
import { combined } from '../../../../src/shell/model/Hyperparameters.js'
import * as Losses from '../../../../src/shell/train/Losses.js'
import { networkOf } from '../../../../src/shell/model/NetworkConfig.js'
import { pausesOf } from '../../../../src/shell/train/Pauses.js'
import type { Problem } from '../../../../src/shell/train/Problem.js'
import { tensorGradient } from '../../../../src/shell/train/gradient/tensorGradient.js'
import { norm } from '../../../../src/shell/model/weightNorms.js'
import { networkInterpreter } from '../../../../src/shell/work/networkInterpreter.js'
import { deep } from '../../../support/cases.js'
import { blobs, left, problem, right, run } from '../../train/fixtures.js'

const backend = await run(choose('wasm'))
const shape = [6, 6, 1] as const
const network = right(networkOf({ kind: 'mlp', hidden: [8] }, shape, 3))
const set = blobs(12, shape, 3, 5)
const weights = (of = network, scale = 0.3): Float32Array =>
  Float32Array.from(normals(of.size)(make(3))[0], value => scale * value)

const squares = (w: Float32Array): number => w.reduce((sum, x) => sum + x * x, 0)

/** exp(λ)·‖kernels‖²/(4N), as a plain function. */
const plainL2 = ownTerm({
  space: [{ name: 'plain', lower: -10, upper: 4, scale: 'log' }],
  linear: true,
  term: ([lambda], w, { total }) => {
    const byWeights = new Float64Array(w.length)
    let value = 0
    for (const { role, offset, size } of network.parameters) {
      if (role === 'bias') continue
      const factor = Math.exp(lambda!) / (4 * total)
      value += factor * squares(w.subarray(offset, offset + size))
      for (let i = offset; i < offset + size; i++) byWeights[i] = 2 * factor * w[i]!
    }
    return { value, byLambda: [value], byWeights, byLogits: null }
  },
})

/** The same penalty as a function of tensors. */
const tensorL2 = await run(
  tensorTerm(network)({
    space: [{ name: 'tensors', lower: -10, upper: 4, scale: 'log' }],
    linear: true,
    term: (lambda, [kernel1, , kernel2], { total }) =>
      tf.mul(
        tf.exp(lambda),
        tf.div(tf.add(tf.sum(tf.square(kernel1!)), tf.sum(tf.square(kernel2!))), 4 * total),
      ),
  }),
)

/** The Huber loss of one-hot labels minus probabilities. It also uses the images. λ sets the point where it bends. */
const huber = await run(
  tensorTerm(network)({
    space: [{ name: 'bend', lower: -3, upper: 1, scale: 'log' }],
    term: (lambda, _, { images, labels, logits }) => {
      const misses = tf.abs(tf.sub(tf.oneHot(labels, 3), tf.softmax(logits)))
      const bend = tf.exp(lambda)
      // tfjs' derivative of a minimum does not sum over broadcast axes.
      const inner = tf.minimum(misses, tf.mul(bend, tf.onesLike(misses)))
      const each = tf.sum(tf.sub(tf.mul(inner, misses), tf.div(tf.square(inner), 2)), 1)
      return tf.mean(tf.mul(each, tf.mean(images, [1, 2, 3])))
    },
  }),
)
const orthogonal = await run(orthogonality(network))
const namedL2 = l2(network, right(groupingOf(network, 'model', undefined)), { lower: -10, upper: 4 })

const problemWith = (families: ReadonlyArray<Family>, options = {}): Problem => ({
  ...problem({ shape, network: { kind: 'mlp', hidden: [8] }, ...options }),
  network,
  hyperparameters: right(combined(network)(families)),
})

const contextOf = (chunkSize: number): Losses.TrainingContext => ({
  gradient: gradientOf(backend, network, []),
  chunkSize,
  pauses: pausesOf(null),
})

const lossAt = ({ splits: { train }, hyperparameters }: Problem, lambda: ReadonlyArray<number>) => ({
  set: train,
  terms: hyperparameters.lowerTerms(lambda, size(train)),
})

const families: Readonly<Record<string, ReadonlyArray<Family>>> = {
  'a plain function of weights': [plainL2],
  'a function of tensors, of weights': [orthogonal],
  'a plain function of logits': [confidence],
  'a function of tensors, of logits, labels and images': [huber],
  'all together': [huber, confidence, orthogonal, plainL2],
  'one that is fixed, beside another': [fixedAt(-1)(huber), confidence],
}

const alone = Object.values(families).flatMap(list => (list.length === 1 ? list : []))

describe.each(Object.entries(families))('%s', (_, list) => {
  const instance = problemWith(list)
  const lambda = instance.hyperparameters.space.map((_, k) => -1.2 + 0.3 * k)
  const w = weights()

  test('∂f/∂λ agrees with central differences', async () => {
    const slopes = right(await Losses.lambdaGradient(contextOf(1000))(lossAt(instance, lambda))(w))
    expect(slopes).toHaveLength(lambda.length)
    const f = async (at: ReadonlyArray<number>): Promise<number> =>
      right(await Losses.value(contextOf(1000))(lossAt(instance, at))(w))
    for (const [k, slope] of slopes.entries()) {
      const at = (step: number) => f(lambda.with(k, lambda[k]! + step))
      const difference = ((await at(0.03)) - (await at(-0.03))) / 0.06
      expect(Math.abs(difference - slope)).toBeLessThanOrEqual(2e-3 * Math.abs(slope) + 1e-6)
    }
  })

  test('∇_w f agrees with central differences, and does not depend on the chunks of the set', async () => {
    const [whole, pieces] = [new Float64Array(w.length), new Float64Array(w.length)]
    const loss = lossAt(instance, lambda)
    const of = async (chunkSize: number, into: Float64Array): Promise<number> =>
      right(await Losses.valueAndGradient(contextOf(chunkSize))([{ coefficient: 2, loss }])(w.slice(), into))
    const value = await of(1000, whole)
    expect(Math.abs((await of(7, pieces)) - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value))
    const length = norm(whole)
    expect(norm(whole.map((g, i) => g - pieces[i]!))).toBeLessThanOrEqual(1e-5 * length)
    const [noise] = normals(w.length)(make(7))
    const scale = norm(Float64Array.from(noise))
    for (const direction of [whole.map(g => g / length), Float64Array.from(noise, x => x / scale)]) {
      const slope = whole.reduce((sum, g, i) => sum + g * direction[i]!, 0)
      const at = async (step: number): Promise<number> =>
        2 * right(await Losses.value(contextOf(1000))(loss)(w.map((x, i) => x + step * direction[i]!)))
      const errors = []
      for (const h of [1e-2, 3e-3, 1e-3])
        errors.push(Math.abs(((await at(h)) - (await at(-h))) / (2 * h) - slope))
      expect(Math.min(...errors)).toBeLessThanOrEqual(1e-3 * length)
    }
  })

  test('is the same on our own WebAssembly, with sparse and with dense rows, as on tfjs', async () => {
    const dark = { ...set, images: set.images.map((x, i) => (i % 4 === 0 ? x : 0)) }
    for (const images of [dark, set]) {
      const loss = { set: images, terms: instance.hyperparameters.lowerTerms(lambda, size(images)) }
      const of = async (gradient: LossGradient) => {
        const found = new Float64Array(network.size)
        const context = { gradient, chunkSize: 5, pauses: pausesOf(null) }
        right(await Losses.valueAndGradient(context)([{ coefficient: 1, loss }])(w.slice(), found))
        return [found, right(await Losses.lambdaGradient(context)(loss)(w))] as const
      }
      const [ours, slopes] = await of(denseGradient(backend, network, network.dense!))
      const [theirs, otherSlopes] = await of(tensorGradient(backend, network))
      expect(norm(ours.map((g, i) => g - theirs[i]!))).toBeLessThanOrEqual(1e-5 * norm(theirs))
      for (const [k, slope] of slopes.entries()) expect(slope).toBeCloseTo(otherSlopes[k]!, 5)
    }
  })

  test('passes the check, and leaves no tensor behind', () => {
    const before = tf.memory().numTensors
    // Those that have an entry of their own were checked there.
    const others = list.filter(family => list.length === 1 || !alone.includes(family))
    for (const family of deep ? list : others)
      expect(
        right(
          checkFamily(backend, network)(
            family,
            { lambda: family.space.map(() => -0.7), weights: w, set },
            // Of each kind of argument. In depth as many as by default.
            deep ? {} : { coordinates: 8 },
          ),
        ),
      ).toEqual([])
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('training with L2 as a user-defined term', () => {
  const ask = async (instance: Problem, batchSize: number | null) => {
    const interpreter = right(networkInterpreter(backend, instance))
    const before = tf.memory().numTensors
    const solved = right(
      await interpreter.answer({
        _tag: 'SolveLowerLevel',
        id: 0,
        lambda: [1.5],
        from: 'initial',
        tolerance: 1e-4,
        maxEpochs: 60,
      })(),
    )
    const descended = right(
      await interpreter.answer({
        _tag: 'DescendWeights',
        id: 1,
        from: 'w0',
        lambda: [2.5],
        upperCoefficient: 0.3,
        lowerCoefficient: 1,
        steps: 15,
        batchSize,
        stepScale: 1,
        stream: 0,
      })(),
    )
    const measured = right(
      await interpreter.answer({ _tag: 'EvaluateLosses', id: 2, lambda: [2.5], weights: 'w1' })(),
    )
    const refitted = right(
      await interpreter.answer({ _tag: 'Refit', id: 3, lambda: [1], tolerance: 1e-4, maxEpochs: 60 })(),
    )
    expect(tf.memory().numTensors).toBe(before)
    interpreter.dispose()
    return [solved, descended, measured, refitted].flatMap(answer =>
      'lower' in answer
        ? [answer.upper, answer.lower, ...answer.lowerGradient]
        : 'metrics' in answer
          ? [answer.metrics.train.loss, answer.metrics.validation.loss]
          : expect.fail(answer._tag),
    )
  }
  test.each([8, null])('gives the same result as the built-in L2, minibatches of %s', async batchSize => {
    const expected = await ask(problemWith([namedL2]), batchSize)
    expect(expected).toHaveLength(10)
    for (const own of [plainL2, tensorL2])
      for (const [i, found] of (await ask(problemWith([own]), batchSize)).entries())
        expect(Math.abs(found - expected[i]!)).toBeLessThanOrEqual(2e-3 * Math.abs(expected[i]!))
  })

  test('a function that fails makes the command fail, with the reason', async () => {
    const few = ownTerm({
      space: plainL2.space,
      term: () => ({ value: 0, byLambda: [0], byWeights: [1, 2], byLogits: null }),
    })
    const vector = await run(
      tensorTerm(network)({ space: plainL2.space, term: (lambda, _, { logits }) => tf.mul(lambda, logits) }),
    )
    const before = tf.memory().numTensors
    for (const [own, message] of [
      [few, 'states 2 derivatives in `byWeights`, but there must be 323'],
      [vector, 'of the shape [8, 3]'],
    ] as const) {
      const answer = await right(networkInterpreter(backend, problemWith([own]))).answer({
        _tag: 'SolveLowerLevel',
        id: 0,
        lambda: [0],
        from: 'initial',
        tolerance: 1e-4,
        maxEpochs: 5,
      })()
      expect(left(answer).message).toContain(message)
      expect(tf.memory().numTensors).toBe(before)
    }
  })
})

describe('the check', () => {
  const found = (family: Family, at: ReadonlyArray<number> = family.space.map(() => -0.7), of = network) =>
    right(
      checkFamily(backend, of)(family, { lambda: at, weights: weights(of), set }, { coordinates: 400 }),
    ).map(({ message }) => message)

  test.each([
    { family: 'l2', per: 'layer' },
    { family: 'l1', per: 'unit' },
    { family: 'elasticNet', per: 'block', block: 3 },
    { family: 'exampleWeights' },
    { family: 'classWeights' },
    { family: 'labelSmoothing' },
  ])('finds nothing wrong with $family', config => {
    const decoded = right(FamilyConfig.decode(config))
    for (const family of right(familiesOf(network, decoded, 12))) expect(found(family)).toEqual([])
  })

  /** The plain L2 with changed derivatives. */
  const spoilt = (change: (at: TermAt) => Partial<TermAt>, linear = true): Family => ({
    ...plainL2,
    linear,
    at: (lambda, total) => {
      const { term, ...others } = plainL2.at(lambda, total)
      return {
        ...others,
        term: (w, examples) => {
          const at = term!(w, examples)
          return { ...at, ...change(at) }
        },
      }
    },
  })

  test('names the wrong coordinate, and a wrong sign', () => {
    const one = (at: TermAt) => ({
      byWeights: Float64Array.from(at.byWeights!, (g, i) => (i === 43 ? 3 * g : g)),
    })
    expect(found(spoilt(one))).toEqual([
      expect.stringMatching(/^The derivative of the term by dense1 kernel\[5, 3\] is stated as/),
    ])
    const turned = (at: TermAt) => ({ byLambda: at.byLambda.map(slope => -slope) })
    expect(found(spoilt(turned))).toEqual([
      expect.stringMatching(/of the term by plain is stated as .* its sign looks wrong/),
    ])
    const logits = { byLogits: Float64Array.from({ length: 36 }, (_, i) => (i === 17 ? 1 : 0)) }
    expect(found(spoilt(() => logits))).toEqual([
      expect.stringMatching(/by logit 2 of example 5 is stated as 1, but its values around the point say 0/),
    ])
    const missing = (): Partial<TermAt> => ({ byWeights: null })
    expect(found(spoilt(missing)).length).toBeGreaterThan(10)
  })

  test('finds a penalty with the gradient of another one', () => {
    const half: Family = {
      ...namedL2,
      at: (lambda, examples) => {
        const { penalty, ...others } = namedL2.at(lambda, examples)
        return { ...others, penalty: penalty && { ...penalty, decay: penalty.decay.map(() => 1e-3) } }
      },
    }
    expect(found(half).some(message => message.includes('of the penalty by dense2 kernel'))).toBe(true)
  })

  test('finds values that are not linear in the coefficients', () => {
    const root = (at: TermAt) => ({ value: Math.sqrt(at.value), byLambda: [Math.sqrt(at.value) / 2] })
    const slopes = (at: TermAt) => ({
      ...root(at),
      byWeights: Float64Array.from(at.byWeights!, g => g / 2 / Math.sqrt(at.value)),
    })
    expect(found(spoilt(slopes))).toEqual([expect.stringContaining('Set `linear: false`')])
    expect(found(spoilt(slopes, false))).toEqual([])
  })

  test('refuses a point that does not fit, and a function that throws', () => {
    const at = (lambda: ReadonlyArray<number>, w: Float32Array) =>
      left(checkFamily(backend, network)(plainL2, { lambda, weights: w, set }))
    expect(at([0, 0], weights())).toMatchObject({ _tag: 'BadInput' })
    expect(at([0], new Float32Array(3)).message).toContain('3 weights')
    const throwing = ownTerm({
      space: plainL2.space,
      term: () => {
        throw new Error('not today')
      },
    })
    expect(
      left(checkFamily(backend, network)(throwing, { lambda: [0], weights: weights(), set })).message,
    ).toContain('not today')
  })
})
