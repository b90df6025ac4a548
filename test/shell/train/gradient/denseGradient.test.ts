/**
 * Compares dense networks on our own WebAssembly with tfjs: for random shapes, shares of dark pixels, costs of examples and
 * penalties, losses, gradients and descents are the same.
 */
import fc from 'fast-check'
import { cases } from '../../../support/cases.js'
import { describe, expect, test } from 'vitest'
import { make, normals, uniforms } from '../../../../src/core/numeric/Rng.js'
import { denseNetwork } from '../../../../src/shell/backend/kernels/DenseNetwork.js'
import { choose } from '../../../../src/shell/backend/chooseBackend.js'
import type { ImageSet } from '../../../../src/shell/data/set/ImageSet.js'
import { piece, type ExampleBatch } from '../../../../src/shell/model/ExampleBatch.js'
import { denseGradient } from '../../../../src/shell/train/gradient/denseGradient.js'
import type { Target } from '../../../../src/shell/model/families/Family.js'
import type {
  LossGradient,
  Part,
  PenaltyGradient,
} from '../../../../src/shell/train/gradient/LossGradient.js'
import { gradientOf } from '../../../../src/shell/train/gradient/gradientOf.js'
import { mlp } from '../../../../src/shell/model/mlp.js'
import { initialWeights, type Network } from '../../../../src/shell/model/Network.js'
import { isDark, mostLit, placedImages } from '../../../../src/shell/train/gradient/PlacedImages.js'
import { tensorGradient } from '../../../../src/shell/train/gradient/tensorGradient.js'
import { norm } from '../../../../src/shell/model/weightNorms.js'
import { blobs, presentBackends, run } from '../fixtures.js'

const cpu = await run(choose('cpu'))

/** The set with a share of its pixels dark, at different places in each image. */
const darkened = (set: ImageSet, share: number, seed: number): ImageSet => {
  const [chances] = uniforms(set.images.length)(make(seed))
  return { ...set, images: set.images.map((value, i) => (chances[i]! < share ? 0 : value)) }
}

const gradientAt = (gradient: LossGradient, weights: Float32Array, parts: ReadonlyArray<Part>) => {
  const found = new Float32Array(weights.length)
  const losses = gradient.lossAndGradient(weights, parts, (k, values) => {
    const { offset, size } = gradient.parameters[k]!
    expect(values).toHaveLength(size)
    found.set(values, offset)
  })
  return { losses, found }
}

const apart = (a: Float32Array, b: Float32Array): number => norm(a.map((value, i) => value - b[i]!))

/** Takes steps. Each step uses all parts. */
const descended = (
  gradient: LossGradient,
  start: Float32Array,
  penalty: PenaltyGradient,
  steps: ReadonlyArray<ReadonlyArray<Part>>,
) => {
  const descent = gradient.descent(start, penalty)
  const values = steps.map((parts, i) => descent.step(parts, { rate: 0.1 / (i + 1), momentum: 0.75 }))
  const weights = descent.weights()
  descent.end()
  return { values, weights }
}

const instances = fc.record({
  pixels: fc.integer({ min: 1, max: 60 }),
  hidden: fc.array(fc.integer({ min: 1, max: 45 }), { maxLength: 3 }),
  classes: fc.integer({ min: 2, max: 11 }),
  dark: fc.tuple(fc.constantFrom(0, 0.3, 0.8, 1), fc.constantFrom(0, 0.8)),
  sizes: fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 9 })),
  smoothing: fc.constantFrom(null, 0, 0.3),
  each: fc.boolean(),
  seed: fc.nat(),
})

const instanceOf = (given: typeof instances extends fc.Arbitrary<infer T> ? T : never) => {
  const { pixels, hidden, classes, dark, sizes, smoothing, each, seed } = given
  const network = mlp([1, pixels, 1], classes, hidden)
  const [noise] = normals(network.size)(make(seed, 1))
  const weights = initialWeights(network)(seed).map((w, i) => w + 0.1 * noise[i]!)
  const sets = sizes.map((count, i) =>
    darkened(blobs(count, [1, pixels, 1], classes, seed + i), dark[i]!, seed + i),
  )
  const target = (count: number): Target | null =>
    smoothing === null
      ? null
      : {
          examples: Float64Array.from({ length: count }, (_, i) => (i % 5) / 3),
          classes: Float64Array.from({ length: classes }, (_, c) => 1 + c / 7),
          smoothing,
        }
  const batchOf = (set: ImageSet, examples: Int32Array | null): ExampleBatch => {
    const labels = examples === null ? set.labels : Uint8Array.from(examples, example => set.labels[example]!)
    const costs = target(labels.length)
    return {
      ...(examples === null ? piece(set, 0, labels.length) : { set, examples, labels }),
      ...(costs === null ? {} : { target: costs }),
    }
  }
  const partsAt = (step: number): ReadonlyArray<Part> =>
    sets.slice(0, 1 + (seed % 2)).map((set, i) => {
      const count = set.labels.length
      // Every third time the whole set, as a range; otherwise some of its examples, possibly one of them twice.
      const examples =
        step % 3 === 2
          ? null
          : Int32Array.from({ length: 1 + ((seed + step) % 7) }, (_, row) => (row * 5 + step) % count)
      const batch = batchOf(set, examples)
      return { batch, scale: (i === 0 ? 1 : 0.4) / batch.labels.length }
    })
  const penalty: PenaltyGradient = {
    decays: network.parameters.map(({ size }, k) =>
      each ? Float64Array.from({ length: size }, (_, i) => ((i + k) % 4) / 10) : k % 3 === 0 ? 0.05 : 0,
    ),
    curved: null,
    termed: false,
  }
  return { network, weights, partsAt, penalty }
}

const denseOf = (network: Network): LossGradient => denseGradient(cpu, network, network.dense!)

describe('the dense gradient', () => {
  test('has the losses and gradients of tfjs', () => {
    fc.assert(
      fc.property(instances, given => {
        const { network, weights, partsAt } = instanceOf(given)
        const [ours, theirs] = [denseOf(network), tensorGradient(cpu, network)]
        for (const step of [0, 2, 1, 2]) {
          const parts = partsAt(step)
          const [a, b] = [gradientAt(ours, weights, parts), gradientAt(theirs, weights, parts)]
          expect(apart(a.found, b.found)).toBeLessThanOrEqual(2e-5 * norm(b.found) + 1e-6)
          for (const [i, { loss }] of a.losses.entries()) {
            const other = b.losses[i]!.loss
            expect(Math.abs(loss - other)).toBeLessThanOrEqual(1e-5 * Math.abs(other) + 1e-5)
          }
          // A second call gives the same bytes, and so does a fresh network.
          expect(gradientAt(ours, weights, parts)).toEqual(a)
          expect(gradientAt(denseOf(network), weights, parts)).toEqual(a)
          const { batch } = parts[0]!
          expect(ours.loss(weights, batch).loss).toBe(a.losses[0]!.loss)
          const into = () => ({
            own: new Float64Array(batch.labels.length + 1),
            even: new Float64Array(batch.labels.length + 1),
          })
          const [mine, other] = [into(), into()]
          ours.losses(weights, batch, mine, 1)
          theirs.losses(weights, batch, other, 1)
          for (const [row, loss] of other.own.entries()) expect(mine.own[row]).toBeCloseTo(loss, 4)
          for (const [row, loss] of other.even.entries()) expect(mine.even[row]).toBeCloseTo(loss, 4)
        }
      }),
      cases(60),
    )
  })

  test('descends like steps on the host with tfjs’ gradients, with one decay per tensor or per weight', () => {
    fc.assert(
      fc.property(instances, given => {
        const { network, weights, partsAt, penalty } = instanceOf(given)
        const steps = [0, 1, 2, 3, 4, 5].map(partsAt)
        const start = weights.slice()
        const a = descended(denseOf(network), start, penalty, steps)
        const b = descended(tensorGradient(cpu, network), start, penalty, steps)
        expect(start).toEqual(weights)
        const way = apart(b.weights, start)
        expect(apart(a.weights, b.weights)).toBeLessThanOrEqual(1e-4 * way + 1e-6)
        for (const [i, value] of a.values.entries())
          expect(Math.abs(value - b.values[i]!)).toBeLessThanOrEqual(1e-4 * Math.abs(b.values[i]!) + 1e-5)
      }),
      cases(60),
    )
  })

  test('computes a penalty that is not quadratic on the host', () => {
    fc.assert(
      fc.property(instances, given => {
        const { network, weights, partsAt, penalty } = instanceOf(given)
        const curved: PenaltyGradient['curved'] = (k, of, into, at, scale) => {
          const { offset, size } = network.parameters[k]!
          let value = 0
          for (let i = 0; i < size; i++) {
            value += (scale * Math.abs(of[offset + i]!)) / 50
            into[at + i]! += (scale * Math.sign(of[offset + i]!)) / 50
          }
          return value
        }
        const steps = [0, 1, 2].map(partsAt)
        const [a, b] = [denseOf(network), tensorGradient(cpu, network)].map(gradient =>
          descended(gradient, weights, { ...penalty, curved }, steps),
        )
        expect(apart(a!.weights, b!.weights)).toBeLessThanOrEqual(1e-4 * apart(b!.weights, weights) + 1e-6)
      }),
      cases(20),
    )
  })

  test('keeps interleaved descents apart, and starts each with velocity zero', () => {
    const { network, weights, partsAt, penalty } = instanceOf({
      pixels: 30,
      hidden: [9],
      classes: 3,
      dark: [0.8, 0.8],
      sizes: [40, 9],
      smoothing: null,
      each: true,
      seed: 3,
    })
    const ours = denseOf(network)
    const steps = [0, 1, 2, 3].map(partsAt)
    const even: PenaltyGradient = { decays: network.parameters.map(() => 0.5), curved: null, termed: false }
    const alone = [penalty, even].map(each => descended(ours, weights, each, steps))
    const descents = [penalty, even].map(each => ours.descent(weights, each))
    for (const [i, parts] of steps.entries())
      for (const descent of descents) {
        descent.step(parts, { rate: 0.1 / (i + 1), momentum: 0.75 })
        // Computing a gradient in between changes no descent.
        gradientAt(ours, weights, partsAt(2))
      }
    expect(descents.map(descent => descent.weights())).toEqual(alone.map(each => each.weights))
    descents.forEach(descent => descent.end())
  })

  test('returns a value that is not finite when the weights are not finite', () => {
    const { network, weights, partsAt, penalty } = instanceOf({
      pixels: 20,
      hidden: [7],
      classes: 3,
      dark: [0.8, 0],
      sizes: [30, 9],
      smoothing: null,
      each: false,
      seed: 2,
    })
    const descent = denseOf(network).descent(weights, penalty)
    const values = [0, 1, 2, 3].map(step => descent.step(partsAt(step), { rate: 1e35, momentum: 0.5 }))
    expect(values.every(Number.isFinite)).toBe(false)
    expect([...descent.weights()].every(Number.isFinite)).toBe(false)
    descent.end()
  })

  test('carries nothing over from a diverged descent to the next', () => {
    const { network, weights, partsAt, penalty } = instanceOf({
      pixels: 20,
      hidden: [7],
      classes: 3,
      dark: [0.8, 0],
      sizes: [30, 9],
      smoothing: null,
      each: false,
      seed: 2,
    })
    const ours = denseOf(network)
    const steps = [0, 1, 2].map(partsAt)
    const expected = descended(denseOf(network), weights, penalty, steps)
    // Beyond float32, which exp(λ) can reach.
    const endless: PenaltyGradient = {
      decays: network.parameters.map(() => 1e300),
      curved: null,
      termed: false,
    }
    expect(descended(ours, weights, endless, steps).values.every(Number.isFinite)).toBe(false)
    expect(descended(ours, weights, penalty, steps)).toEqual(expected)
  })
})

describe('images', () => {
  test('are dark if the share of lit pixels is at most the limit', () => {
    const set = blobs(10, [10, 10, 1], 2, 1)
    expect(isDark(set)).toBe(false)
    const lit = (count: number): ImageSet => ({
      ...set,
      images: set.images.map((x, i) => (i < count ? x : 0)),
    })
    expect(isDark(lit(1000 * mostLit))).toBe(true)
    expect(isDark(lit(1000 * mostLit + 1))).toBe(false)
  })

  test.each([0, 0.8])(
    'beyond the memory limit are copied batch by batch, with the same rows (dark: %d)',
    share => {
      const pixels = 25
      const sets = [3, 4].map(seed => darkened(blobs(6, [5, 5, 1], 2, seed), share, seed))
      const batches: ReadonlyArray<ExampleBatch> = [
        piece(sets[0]!, 1, 4),
        { set: sets[1]!, examples: Int32Array.from([5, 0, 5]), labels: Uint8Array.from([1, 0, 1]) },
      ]
      const rowsWith = (most: number) => {
        const { memory } = denseNetwork([{ inputs: pixels, units: 2, activation: 'linear' }])
        const { sparse, count, address, entries } = placedImages(memory, pixels, { most }).rows(batches)
        const [words, floats] = [memory.words(), memory.floats()]
        const row = (i: number): ReadonlyArray<number> => {
          if (!sparse) {
            const from = words[address / 4 + i]! / 4
            return [...floats.subarray(from, from + pixels)]
          }
          const [from, to] = [words[address / 4 + 2 * i]! / 4, words[address / 4 + 2 * i + 1]! / 4]
          const image = new Float32Array(pixels)
          for (let at = from; at < to; at += 2) image[words[at]!] = floats[at + 1]!
          return [...image]
        }
        return { sparse, entries, images: Array.from({ length: count }, (_, i) => row(i)) }
      }
      const image = (set: ImageSet, i: number) => [...set.images.subarray(i * pixels, (i + 1) * pixels)]
      const expected = [1, 2, 3].map(i => image(sets[0]!, i)).concat([5, 0, 5].map(i => image(sets[1]!, i)))
      // All sets are kept, one of them, or none.
      const bytes = share === 0 ? 4 * 6 * pixels : 8 * 6 * pixels * 0.5
      for (const most of [Infinity, bytes, 0]) {
        const found = rowsWith(most)
        expect(found.images).toEqual(expected)
        expect(found.sparse).toBe(share > 0)
        expect(found.entries).toBe(share > 0 ? expected.flat().filter(x => x !== 0).length : 0)
      }
    },
  )
})

test('libtensorflow computes networks on bright images, where it is faster', async () => {
  const network = mlp([5, 5, 1], 2, [3])
  const sets = [darkened(blobs(6, [5, 5, 1], 2, 1), 0.8, 1), blobs(6, [5, 5, 1], 2, 2)] as const
  for (const backend of await presentBackends()) {
    // The dense gradient creates no tensor, so it needs no backend.
    let tidied = 0
    const watched = {
      ...backend,
      tidy: <A>(f: () => A): A => {
        tidied++
        return backend.tidy(f)
      },
    }
    const weights = initialWeights(network)(1)
    for (const chosen of [[sets[0]], sets]) {
      tidied = 0
      gradientOf(watched, network, chosen).loss(weights, piece(sets[0], 0, 3))
      expect(tidied).toBe(backend.name === 'node' && chosen.length === 2 ? 1 : 0)
    }
  }
})
