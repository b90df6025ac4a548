import * as tf from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { make, normals, permutation } from '../../../src/core/numeric/Rng.js'
import { choose, type Backend } from '../../../src/shell/backend/Backend.js'
import { run } from '../problem/fixtures.js'

type Shape4 = [number, number, number, number]
type Padding = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding

let wasm: Backend
let cpu: Backend
beforeAll(async () => {
  wasm = await run(choose('wasm'))
  cpu = await run(choose('cpu'))
})

const values = (count: number, seed: number): Float32Array => Float32Array.from(normals(count)(make(seed))[0])
const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((a, b) => a * b, 1)

const side = fc.integer({ min: 5, max: 9 })
const few = fc.integer({ min: 1, max: 3 })
const edge = fc.integer({ min: 0, max: 2 })
const padding: fc.Arbitrary<Padding> = fc.oneof(
  fc.constantFrom<Padding>('same', 'valid'),
  edge,
  fc.tuple(edge, edge, edge, edge).map(([a, b, c, d]): Padding => [
    [0, 0],
    [a, b],
    [c, d],
    [0, 0],
  ]),
)
const convolutions = fc.record({
  batch: few,
  height: side,
  width: side,
  channels: few,
  filters: few,
  rows: fc.integer({ min: 1, max: 5 }),
  columns: fc.integer({ min: 1, max: 5 }),
  strides: fc.tuple(few, few),
  pad: padding,
  seed: fc.nat(),
})

describe('Conv2DBackpropFilter on wasm', () => {
  test('agrees with the cpu backend on every stride and padding', () => {
    fc.assert(
      fc.property(convolutions, c => {
        const shape: Shape4 = [c.batch, c.height, c.width, c.channels]
        const filterShape: Shape4 = [c.rows, c.columns, c.channels, c.filters]
        const rounding = typeof c.pad === 'string' ? undefined : 'floor'
        const info = tf.backend_util.computeConv2DInfo(shape, filterShape, c.strides, 1, c.pad, rounding)
        const dyShape: Shape4 = [c.batch, info.outHeight, info.outWidth, c.filters]
        const gradient = (backend: Backend): Float32Array =>
          backend.tidy(() => {
            const result: tf.Tensor = tf.engine().runKernel(
              tf.Conv2DBackpropFilter,
              {
                x: tf.tensor4d(values(sizeOf(shape), c.seed), shape),
                dy: tf.tensor4d(values(sizeOf(dyShape), c.seed + 1), dyShape),
              },
              {
                strides: c.strides,
                pad: c.pad,
                dataFormat: 'NHWC',
                filterShape,
                ...(rounding === undefined ? {} : { dimRoundingMode: rounding }),
              },
            )
            expect(result.shape).toEqual(filterShape)
            return Float32Array.from(result.dataSync())
          })
        const before = tf.memory().numTensors
        const found = gradient(wasm)
        expect(tf.memory().numTensors).toBe(before)
        const expected = gradient(cpu)
        const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1)
        for (const [i, value] of expected.entries())
          expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(1e-5 * largest)
      }),
      { numRuns: 150 },
    )
  })

  test('refuses channels first, saying what to do', () => {
    expect(() =>
      wasm.tidy(() =>
        tf
          .engine()
          .runKernel(
            tf.Conv2DBackpropFilter,
            { x: tf.ones([1, 1, 4, 4]), dy: tf.ones([1, 1, 4, 4]) },
            { strides: 1, pad: 'same', dataFormat: 'NCHW', filterShape: [3, 3, 1, 1] },
          ),
      ),
    ).toThrow('NHWC')
  })
})

describe('MaxPoolGrad', () => {
  test('is the derivative of max pooling on every size, stride and padding', () => {
    fc.assert(
      fc.property(
        fc.record({
          shape: fc.tuple(few, side, side, few),
          size: fc.integer({ min: 1, max: 4 }),
          strides: fc.integer({ min: 1, max: 4 }),
          pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
          seed: fc.nat(),
          on: fc.constantFrom('wasm', 'cpu'),
        }),
        ({ shape, size, strides, pad, seed, on }) => {
          const backend = on === 'wasm' ? wasm : cpu
          // Distinct integers: moving each by less than a half changes no maximum, so the difference is exact.
          const x = Float32Array.from(permutation(sizeOf(shape))(make(seed))[0])
          const d = values(x.length, seed + 1).map(v => Math.max(-0.4, Math.min(0.4, v)))
          const before = tf.memory().numTensors
          const [along, difference] = backend.tidy(() => {
            const input = tf.tensor4d(x, shape)
            const output = tf.maxPool(input, size, strides, pad)
            const dy = tf.tensor4d(values(output.size, seed + 2), output.shape)
            const pooled = (sign: number): number =>
              tf
                .sum(
                  tf.mul(
                    dy,
                    tf.maxPool(tf.add(input, tf.mul(sign, tf.tensor4d(d, shape))), size, strides, pad),
                  ),
                )
                .dataSync()[0]!
            const gradient: tf.Tensor = tf
              .engine()
              .runKernel(tf.MaxPoolGrad, { dy, input, output }, { filterSize: size, strides, pad })
            return [
              tf.sum(tf.mul(gradient, tf.tensor4d(d, shape))).dataSync()[0]!,
              (pooled(1) - pooled(-1)) / 2,
            ]
          })
          expect(tf.memory().numTensors).toBe(before)
          // Sums of values up to the number of pixels, in float32.
          expect(Math.abs(along - difference)).toBeLessThanOrEqual(1e-6 * x.length * Math.sqrt(x.length))
        },
      ),
    )
  })

  test('gives a tie to the first', () => {
    const gradient = wasm.tidy(() => {
      const found: tf.Tensor = tf
        .engine()
        .runKernel(
          tf.MaxPoolGrad,
          { dy: tf.ones([1, 1, 1, 1]), input: tf.ones([1, 2, 2, 1]), output: tf.ones([1, 1, 1, 1]) },
          { filterSize: 2, strides: 2, pad: 'valid' },
        )
      return Array.from(found.dataSync())
    })
    expect(gradient).toEqual([1, 0, 0, 0])
  })
})
