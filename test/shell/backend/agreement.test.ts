/**
 * Every installed backend agrees with the cpu backend on random shapes, for the products, convolutions and poolings that
 * training uses. tfjs-node is included if `npm run setup:native` has installed it.
 */
import * as tf from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { make, normals, permutation } from '../../../src/core/numeric/Rng.js'
import { available, choose } from '../../../src/shell/backend/chooseBackend.js'
import type { Backend } from '../../../src/shell/backend/Backend.js'
import { describeWith, tfjsNode } from '../../support/requires.js'
import * as Kernels from '../../../src/shell/backend/kernels/dense.js'
import { presentBackends, run } from '../train/fixtures.js'

const found = await available()
const absent = found.filter(({ present }) => !present)
const others = (await presentBackends()).filter(({ name }) => name !== 'cpu')
const cpu = await run(choose('cpu'))

const native = absent.find(({ name }) => name === 'node')
describeWith(tfjsNode(native === undefined ? null : native.detail), 'the agreement of tfjs-node', () => {
  test('is among what is tested here', () => expect(others.map(({ name }) => name)).toContain('node'))
})

test('every backend but tfjs-node is here', () => {
  expect(absent.map(({ name }) => name).filter(name => name !== 'node')).toEqual([])
})

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((a, b) => a * b, 1)
const random = (shape: ReadonlyArray<number>, seed: number): tf.Tensor =>
  tf.tensor(Float32Array.from(normals(sizeOf(shape))(make(seed))[0]), [...shape])
/** All values are different, so that each maximum is unique. */
const distinct = (shape: ReadonlyArray<number>, seed: number): tf.Tensor =>
  tf.tensor(Float32Array.from(permutation(sizeOf(shape))(make(seed))[0]), [...shape])

interface Result {
  readonly shape: ReadonlyArray<number>
  readonly values: Float32Array
}

/**
 * Compares a computation on this backend and on the cpu backend. The values are sums of `terms` products of order one in
 * float32. Also checks that no tensor is leaked.
 */
const agrees = (backend: Backend, terms: number, compute: () => ReadonlyArray<tf.Tensor>): void => {
  const on = ({ tidy }: Backend): ReadonlyArray<Result> =>
    tidy(() =>
      compute().map(tensor => ({ shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) })),
    )
  const before = tf.memory().numTensors
  const results = on(backend)
  expect(tf.memory().numTensors).toBe(before)
  const expected = on(cpu)
  expect(results.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape))
  // One assertion for all values: thousands of `expect` calls take longer than the computation.
  const off = (value: number, other: number): number => Math.abs(value - other) / (terms + Math.abs(other))
  const worst = results.map(({ values }, k) => {
    const others = expected[k]!.values
    return values.every(Number.isFinite)
      ? values.reduce((most, v, i) => Math.max(most, off(v, others[i]!)), 0)
      : NaN
  })
  for (const error of worst) expect(error).toBeLessThanOrEqual(1e-6)
}

const extent = fc.integer({ min: 1, max: 40 })
const few = fc.integer({ min: 1, max: 4 })
const side = fc.integer({ min: 5, max: 10 })
const images = fc.record({
  batch: few,
  height: side,
  width: side,
  channels: few,
  filters: fc.integer({ min: 1, max: 7 }),
  rows: few,
  columns: few,
  pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
  seed: fc.nat(),
})

describe.each(others.map(backend => [backend.name, backend] as const))('%s', (_, backend) => {
  test('multiplies matrices, plain and transposed, with bias and ReLU, and sums', () => {
    fc.assert(
      fc.property(
        extent,
        extent,
        extent,
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        (rows, inner, columns, a, b, seed) => {
          const product = (): tf.Tensor =>
            tf.matMul(
              random(a ? [inner, rows] : [rows, inner], seed),
              random(b ? [columns, inner] : [inner, columns], seed + 1),
              a,
              b,
            )
          agrees(backend, inner + rows, () => {
            const left = random(a ? [inner, rows] : [rows, inner], seed)
            const right = random(b ? [columns, inner] : [inner, columns], seed + 1)
            const explicit: tf.Tensor = tf.matMul(
              a ? tf.transpose(left) : left,
              b ? tf.transpose(right) : right,
            )
            const biased = tf.add(product(), random([columns], seed + 2))
            return [product(), explicit, tf.relu(biased)]
          })
          agrees(backend, inner * rows, () => [tf.sum(product(), 0)])
        },
      ),
    )
  })

  test('computes a dense layer and its gradients', () => {
    fc.assert(
      fc.property(
        extent,
        extent,
        extent,
        fc.constantFrom<Kernels.Activation>('relu', 'linear'),
        fc.nat(),
        (rows, inputs, units, activation, seed) => {
          agrees(backend, inputs + rows, () => {
            const x = random([rows, inputs], seed)
            const y = Kernels.dense(
              x,
              random([inputs, units], seed + 1),
              random([units], seed + 2),
              activation,
            )
            const dy = random([rows, units], seed + 3)
            // Zeros stand for outputs that the ReLU has set to 0.
            const cut = Kernels.throughRelu(dy, tf.relu(random([rows, units], seed + 4)))
            return [y, Kernels.biasGradient(dy), cut]
          })
          // An image's one channel: the sum over all of its pixels.
          agrees(backend, rows * units, () => [Kernels.biasGradient(random([rows, 1, units, 1], seed + 3))])
        },
      ),
    )
  })

  test('masks with a step function', () => {
    fc.assert(
      fc.property(extent, extent, fc.nat(), (rows, columns, seed) =>
        agrees(backend, 1, () => {
          const x = random([rows, columns], seed)
          return [tf.mul(random([rows, columns], seed + 1), tf.step(x)), tf.step(tf.zeros([rows]))]
        }),
      ),
    )
  })

  test('computes a convolution and its gradients by image and filter', () => {
    fc.assert(
      fc.property(images, ({ batch, height, width, channels, filters, rows, columns, pad, seed }) => {
        const filterShape = [rows, columns, channels, filters] as const
        agrees(backend, rows * columns * channels * filters + batch * height * width, () => {
          const x = random([batch, height, width, channels], seed) as tf.Tensor4D
          const filter = random(filterShape, seed + 1) as tf.Tensor4D
          const y = tf.conv2d(x, filter, 1, pad)
          const dy = random(y.shape, seed + 2)
          const attributes = { strides: 1, pad, dataFormat: 'NHWC' }
          const byFilter: tf.Tensor = tf
            .engine()
            .runKernel(tf.Conv2DBackpropFilter, { x, dy }, { ...attributes, filterShape: [...filterShape] })
          const byImage: tf.Tensor = tf
            .engine()
            .runKernel(tf.Conv2DBackpropInput, { dy, filter }, { ...attributes, inputShape: x.shape })
          return [y, byFilter, byImage]
        })
      }),
    )
  })

  test('computes max pooling and its gradient', () => {
    fc.assert(
      fc.property(images, ({ batch, height, width, channels, pad, seed }) =>
        agrees(backend, 1, () => {
          const input = distinct([batch, height, width, channels], seed) as tf.Tensor4D
          const output = tf.maxPool(input, 2, 2, pad)
          const dy = random(output.shape, seed + 1)
          const gradient: tf.Tensor = tf
            .engine()
            .runKernel(tf.MaxPoolGrad, { dy, input, output }, { filterSize: 2, strides: 2, pad })
          return [output, gradient]
        }),
      ),
    )
  })
})
