/**
 * Compares networks with convolutions on our own WebAssembly with their definition in float64 (`plainNetwork.ts`), for random
 * layers and shapes, and with tfjs.
 *
 * In the comparison with float64, images and weights are small multiples of a power of two, so that logits are exact in
 * float32. Then both choose the same maxima, also among equal ones, and agree which sums are zero.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { make, normals, uniforms } from '../../../../src/core/numeric/Rng.js'
import { choose } from '../../../../src/shell/backend/chooseBackend.js'
import { crossEntropy } from '../../../../src/shell/model/crossEntropy.js'
import { piece, type ExampleBatch } from '../../../../src/shell/model/ExampleBatch.js'
import type { Term } from '../../../../src/shell/model/families/Family.js'
import { convolution, dense, flatten, maxPool, type Layer } from '../../../../src/shell/model/Layer.js'
import { lenet } from '../../../../src/shell/model/lenet.js'
import { mlp } from '../../../../src/shell/model/mlp.js'
import { initialWeights, sequential, type Network } from '../../../../src/shell/model/Network.js'
import { norm } from '../../../../src/shell/model/weightNorms.js'
import { convGradient } from '../../../../src/shell/train/gradient/convGradient.js'
import { gradientOf } from '../../../../src/shell/train/gradient/gradientOf.js'
import type {
  LossGradient,
  Part,
  PenaltyGradient,
} from '../../../../src/shell/train/gradient/LossGradient.js'
import { tensorGradient } from '../../../../src/shell/train/gradient/tensorGradient.js'
import { cases } from '../../../support/cases.js'
import { plainPass } from '../../../support/plainNetwork.js'
import { blobs, presentBackends, run } from '../fixtures.js'

const wasm = await run(choose('wasm'))
const ours = (network: Network): LossGradient => convGradient(wasm, network, network.convolutional!)

type Shape = readonly [number, number, number]

/** A convolution, or `pool`. */
type Part2d = 'pool' | { readonly filters: number; readonly size: number; readonly padding: 'same' | 'valid' }

/** A network of these layers; those that do not fit the image that reaches them are left out. */
const networkOf = (shape: Shape, parts: ReadonlyArray<Part2d>, widths: ReadonlyArray<number>): Network => {
  const layers: Layer[] = []
  let at = shape
  for (const [i, part] of parts.entries()) {
    const layer =
      part === 'pool' ? maxPool(at) : convolution(`conv${i}`, at, part.filters, part.size, part.padding)
    if (!layer.outputShape.every(side => side > 0)) continue
    layers.push(layer)
    at = layer.outputShape as Shape
  }
  const flat = flatten(at)
  const units = [flat.outputShape[0]!, ...widths]
  return sequential('random', shape, widths.at(-1)!, [
    ...layers,
    flat,
    ...widths.map((width, i) =>
      dense(`dense${i}`, units[i]!, width, i === widths.length - 1 ? 'linear' : 'relu'),
    ),
  ])
}

const convolutions = fc.record({
  filters: fc.integer({ min: 1, max: 21 }),
  size: fc.integer({ min: 1, max: 5 }),
  padding: fc.constantFrom('same' as const, 'valid' as const),
})
const instances = fc.record({
  shape: fc.tuple(
    fc.integer({ min: 1, max: 13 }),
    fc.integer({ min: 1, max: 13 }),
    fc.constantFrom(1, 2, 3, 4, 7),
  ),
  first: fc.oneof(
    { weight: 4, arbitrary: convolutions },
    { weight: 1, arbitrary: fc.constant('pool' as const) },
  ),
  more: fc.array(fc.oneof(convolutions, fc.constant('pool' as const)), { maxLength: 4 }),
  hidden: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 1 }),
  classes: fc.integer({ min: 2, max: 9 }),
  sizes: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 2 }),
  seed: fc.nat(),
})

/** Multiples of 1/2 between −1 and 1, many of them zero. */
const coarse = (count: number, seed: number): Float32Array =>
  Float32Array.from(uniforms(count)(make(seed))[0], value => Math.round(4 * value - 2) / 2)

const gradientAt = (gradient: LossGradient, weights: Float32Array, parts: ReadonlyArray<Part>) => {
  const found = new Float32Array(weights.length)
  const shown: number[] = []
  const losses = gradient.lossAndGradient(weights, parts, (k, values) => {
    const { offset, size } = gradient.parameters[k]!
    expect(values).toHaveLength(size)
    shown.push(k)
    found.set(values, offset)
  })
  expect(shown.sort((a, b) => a - b)).toEqual([...gradient.parameters.keys()])
  return { losses, found }
}

const apart = (a: Float32Array, b: ArrayLike<number>): number => norm(a.map((value, i) => value - b[i]!))

test('losses and gradients are those of the definition in float64', () => {
  fc.assert(
    fc.property(instances, ({ shape, first, more, hidden, classes, sizes, seed }) => {
      const network = networkOf(shape, [first, ...more], [...hidden, classes])
      const layers = network.convolutional
      // Nothing fits into the smallest images.
      fc.pre(layers !== null)
      const weights = coarse(network.size, seed)
      // Few of a filter's weights are not zero, so that sums stay short enough; and small logits, so that all classes count.
      const thin = uniforms(network.size)(make(seed, 2))[0]
      for (const { offset, size, fanIn, role } of network.parameters)
        for (let i = offset; i < offset + size; i++)
          if (role === 'kernel' && thin[i]! > 12 / fanIn) weights[i] = 0
      const last = network.parameters.at(-2)!
      for (let i = last.offset; i < network.size; i++) weights[i]! /= 64
      const pixels = shape[0] * shape[1] * shape[2]
      const parts = sizes.map((count, k): Part => {
        const images = coarse(count * pixels, seed + k + 1)
        const labels = Uint8Array.from({ length: count }, (_, i) => (i + k) % classes)
        return { batch: piece({ images, labels, shape, classes }, 0, count), scale: (1 + k) / count }
      })
      const expected = new Float64Array(network.size)
      const losses = parts.map(({ batch, scale }) => {
        const { images } = batch.set
        let sum = 0
        for (const [i, label] of batch.labels.entries()) {
          const image = images.subarray(i * pixels, (i + 1) * pixels)
          const { logits, backward } = plainPass(layers, weights, image)
          const slopes = new Float32Array(classes)
          sum += crossEntropy(logits, Uint8Array.of(label), classes, slopes, scale).loss
          backward(Float64Array.from(slopes), expected)
        }
        return sum
      })
      const gradient = ours(network)
      const { losses: found, found: slopes } = gradientAt(gradient, weights, parts)
      // The logits are exact.
      for (const [k, { loss }] of found.entries())
        expect(Math.abs(loss - losses[k]!)).toBeLessThanOrEqual(1e-12 * (1 + losses[k]!))
      for (const { offset, size } of network.parameters) {
        const [a, b] = [slopes.subarray(offset, offset + size), expected.subarray(offset, offset + size)]
        expect(apart(a, b)).toBeLessThanOrEqual(1e-5 * norm(b) + 1e-9)
      }
      // A second call gives the same bytes, and so does a fresh network. An example's loss does not depend on its batch.
      expect(gradientAt(gradient, weights, parts).found).toEqual(slopes)
      expect(gradientAt(ours(network), weights, parts).found).toEqual(slopes)
      const { set, labels } = parts[0]!.batch
      const own = { own: new Float64Array(labels.length + 1), even: new Float64Array(labels.length + 1) }
      gradient.losses(weights, parts[0]!.batch, own, 1)
      for (let i = 0; i < labels.length; i++)
        expect(gradient.loss(weights, piece(set, i, i + 1)).loss).toBe(own.own[i + 1])
    }),
    cases(300, 'slow'),
  )
})

/** Layers of every kind, in several orders. */
const networks: Readonly<Record<string, Network>> = {
  'lenet 28×28×1': lenet([28, 28, 1], 10),
  'lenet 32×32×3': lenet([32, 32, 3], 10),
  'lenet 13×17×2': lenet([13, 17, 2], 3),
  'three convolutions': networkOf(
    [9, 11, 3],
    [
      { filters: 5, size: 3, padding: 'same' },
      { filters: 18, size: 2, padding: 'same' },
      'pool',
      { filters: 7, size: 3, padding: 'valid' },
    ],
    [6, 4],
  ),
}

const instanceOf = (network: Network) => {
  const { inputShape, classes, size } = network
  const [noise] = normals(size)(make(4))
  const weights = initialWeights(network)(1).map((w, i) => w + 0.03 * noise[i]!)
  const sets = [blobs(11, inputShape, classes, 5), blobs(6, inputShape, classes, 6)] as const
  const partsAt = (step: number): ReadonlyArray<Part> => {
    // One example, a number that fills no tile, or the whole set; and two sets together.
    const examples = Int32Array.from({ length: [1, 5, 7][step % 3]! }, (_, i) => (3 * i + step) % 11)
    const labels = Uint8Array.from(examples, example => sets[0].labels[example]!)
    const batch: ExampleBatch = step === 3 ? piece(sets[0], 0, 11) : { set: sets[0], examples, labels }
    const target = {
      examples: Float64Array.from(batch.labels, (_, i) => (1 + (i % 3)) / 2),
      classes: Float64Array.from({ length: classes }, (_, c) => 1 + c / 7),
      smoothing: 0.1,
    }
    return [
      { batch: step === 2 ? { ...batch, target } : batch, scale: 1 / batch.labels.length },
      ...(step % 2 === 1 ? [{ batch: piece(sets[1], 2, 6), scale: 0.1 }] : []),
    ]
  }
  const decays = network.parameters.map(({ size }, k) =>
    k % 3 === 0 ? Float64Array.from({ length: size }, (_, i) => (i % 4) / 10) : 0.05 * (k % 3),
  )
  const penalty: PenaltyGradient = { decays, curved: null, termed: false }
  return { weights, partsAt, penalty }
}

const descended = (
  gradient: LossGradient,
  start: Float32Array,
  penalty: PenaltyGradient,
  steps: ReadonlyArray<ReadonlyArray<Part>>,
) => {
  const descent = gradient.descent(start, penalty)
  const values = steps.map((parts, i) => descent.step(parts, { rate: 0.05 / (i + 1), momentum: 0.75 }))
  const weights = descent.weights()
  descent.end()
  return { values, weights }
}

describe.each(Object.entries(networks))('%s', (_, network) => {
  const { weights, partsAt, penalty } = instanceOf(network)
  const steps = [0, 1, 2, 3, 4].map(partsAt)
  const [gradient, theirs] = [ours(network), tensorGradient(wasm, network)]

  test('has the losses and gradients of tfjs, with costs of examples and terms', () => {
    const term: Term = (w, { logits, images }) => ({
      value: (w[3]! ** 2 + logits[1]! * images[2]!) / 2,
      byLambda: [],
      byWeights: w.map((value, i) => (i === 3 ? value : 0)),
      byLogits: logits.map((_, i) => (i === 1 ? images[2]! / 2 : 0)),
    })
    const termed = steps[2]!.map(part => ({ ...part, batch: { ...part.batch, term } }))
    for (const parts of [...steps, termed]) {
      const [a, b] = [gradientAt(gradient, weights, parts), gradientAt(theirs, weights, parts)]
      for (const { offset, size } of network.parameters) {
        const there = b.found.subarray(offset, offset + size)
        expect(apart(a.found.subarray(offset, offset + size), there)).toBeLessThanOrEqual(1e-5 * norm(there))
      }
      for (const [k, { loss, correct }] of a.losses.entries()) {
        expect(Math.abs(loss - b.losses[k]!.loss)).toBeLessThanOrEqual(1e-5 * loss)
        expect(correct).toBe(b.losses[k]!.correct)
      }
      const { batch } = parts[0]!
      expect(gradient.loss(weights, batch).loss).toBe(a.losses[0]!.loss)
      expect(gradient.term(weights, batch, term).value).toBeCloseTo(
        theirs.term(weights, batch, term).value,
        5,
      )
    }
  })

  test('descends like steps on the host with tfjs’ gradients', () => {
    const curved: PenaltyGradient['curved'] = (k, of, into, at, scale) => {
      const { offset, size } = network.parameters[k]!
      let value = 0
      for (let i = 0; i < size; i++) {
        value += (scale * Math.abs(of[offset + i]!)) / 50
        into[at + i]! += (scale * Math.sign(of[offset + i]!)) / 50
      }
      return value
    }
    for (const each of [penalty, { ...penalty, curved }]) {
      const start = weights.slice()
      const [a, b] = [gradient, theirs].map(of => descended(of, start, each, steps))
      expect(start).toEqual(weights)
      expect(apart(a!.weights, b!.weights)).toBeLessThanOrEqual(1e-4 * apart(b!.weights, weights))
      for (const [i, value] of a!.values.entries())
        expect(Math.abs(value - b!.values[i]!)).toBeLessThanOrEqual(1e-5 * Math.abs(b!.values[i]!))
    }
  })

  test('keeps interleaved descents apart, and carries nothing over from a diverged one', () => {
    const fresh = ours(network)
    const even: PenaltyGradient = { ...penalty, decays: network.parameters.map(() => 0.5) }
    const alone = [penalty, even].map(each => descended(gradient, weights, each, steps))
    const endless: PenaltyGradient = { ...penalty, decays: network.parameters.map(() => 1e300) }
    const diverged = descended(fresh, weights, endless, steps)
    expect(diverged.values.every(Number.isFinite)).toBe(false)
    expect(diverged.weights.every(Number.isFinite)).toBe(false)
    const descents = [penalty, even].map(each => fresh.descent(weights, each))
    for (const [i, parts] of steps.entries())
      for (const descent of descents) {
        descent.step(parts, { rate: 0.05 / (i + 1), momentum: 0.75 })
        // Computing a gradient in between changes no descent.
        gradientAt(fresh, weights, partsAt(2))
      }
    expect(descents.map(descent => descent.weights())).toEqual(alone.map(each => each.weights))
    descents.forEach(descent => descent.end())
  })

  test('a batch of more examples than there was room for gives the same losses', () => {
    const set = blobs(70, network.inputShape, network.classes, 9)
    const fresh = ours(network)
    const first = fresh.loss(weights, piece(set, 0, 3)).loss
    const into = { own: new Float64Array(70), even: new Float64Array(70) }
    fresh.losses(weights, piece(set, 0, 70), into, 0)
    expect(into.own[0]! + into.own[1]! + into.own[2]!).toBeCloseTo(first, 10)
    for (const example of [0, 63, 64, 69])
      expect(fresh.loss(weights, piece(set, example, example + 1)).loss).toBe(into.own[example])
  })
})

test('weights that are not finite give a loss that is not finite', () => {
  const network = lenet([13, 13, 1], 3)
  const { weights, partsAt } = instanceOf(network)
  const { batch } = partsAt(1)[0]!
  for (const { offset } of network.parameters)
    expect(ours(network).loss(weights.with(offset, NaN), batch).loss).toBeNaN()
})

test('wasm and cpu make no tensor for convolutions; tfjs-node and networks of other layers do', async () => {
  for (const backend of await presentBackends()) {
    let tidied = 0
    const watched = {
      ...backend,
      tidy: <A>(f: () => A): A => {
        tidied++
        return backend.tidy(f)
      },
    }
    const network = lenet([12, 12, 1], 2)
    const set = blobs(3, [12, 12, 1], 2, 1)
    const weights = initialWeights(network)(1)
    gradientOf(watched, network, [set]).loss(weights, piece(set, 0, 3))
    expect(tidied).toBe(backend.name === 'node' ? 1 : 0)
    gradientOf(watched, { ...network, convolutional: null }, [set]).loss(weights, piece(set, 0, 3))
    expect(tidied).toBe(backend.name === 'node' ? 2 : 1)
  }
})

test('a network is convolutional if it has convolutions or poolings, then flatten, then dense layers', () => {
  expect(lenet([28, 28, 1], 10).convolutional?.spatial).toHaveLength(4)
  expect(lenet([28, 28, 1], 10).convolutional?.dense).toHaveLength(3)
  expect(mlp([5, 5, 1], 2, [3]).convolutional).toBeNull()
  const pool = maxPool([2, 2, 3])
  const flat = flatten([1, 1, 3])
  const last = dense('last', 3, 3, 'linear')
  const convolutional = (...layers: ReadonlyArray<Layer>) =>
    sequential('', [2, 2, 3], 3, layers).convolutional
  expect(convolutional(pool, flat, last)).not.toBeNull()
  expect(convolutional(pool, flat)).toBeNull()
  const { spatial: _, ...other } = pool
  expect(convolutional(other, flat, last)).toBeNull()
  // Images too small to be pooled.
  expect(sequential('', [1, 2, 3], 3, [maxPool([1, 2, 3]), flat, last]).convolutional).toBeNull()
})
