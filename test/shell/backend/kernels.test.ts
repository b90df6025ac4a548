import * as tf from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { make, normals, permutation } from '../../../src/core/numeric/Rng.js'
import { choose } from '../../../src/shell/backend/chooseBackend.js'
import type { Backend } from '../../../src/shell/backend/Backend.js'
import { run } from '../train/fixtures.js'

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
/** Strides and dilations; one of the two is 1 in both directions, as Conv2D requires. */
const pace = fc.tuple(fc.tuple(few, few), fc.boolean()).map(([sides, dilated]) => ({
  strides: dilated ? ([1, 1] as [number, number]) : sides,
  dilations: dilated ? sides : ([1, 1] as [number, number]),
}))
const convolutions = fc
  .record({
    batch: few,
    height: side,
    width: side,
    channels: few,
    filters: few,
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.integer({ min: 1, max: 5 }),
    pad: padding,
    seed: fc.nat(),
  })
  .chain(c => pace.map(p => ({ ...c, ...p })))

describe('Conv2DBackpropFilter on wasm', () => {
  test('agrees with the cpu backend on every stride, dilation and padding', () => {
    fc.assert(
      fc.property(convolutions, c => {
        const shape: Shape4 = [c.batch, c.height, c.width, c.channels]
        const filterShape: Shape4 = [c.rows, c.columns, c.channels, c.filters]
        const [down, right] = c.dilations
        // The cpu backend does not support dilations here, so we request a filter of the dilated size.
        const reach = [(c.rows - 1) * down + 1, (c.columns - 1) * right + 1] as const
        const whole: Shape4 = [...reach, c.channels, c.filters]
        const rounding = typeof c.pad === 'string' ? undefined : 'floor'
        const info = tf.backend_util.computeConv2DInfo(
          shape,
          filterShape,
          c.strides,
          c.dilations,
          c.pad,
          rounding,
        )
        fc.pre(info.outHeight > 0 && info.outWidth > 0)
        const dyShape: Shape4 = [c.batch, info.outHeight, info.outWidth, c.filters]
        const gradient = (backend: Backend, filterShape: Shape4, dilations: object): Float32Array =>
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
                ...dilations,
                ...(rounding === undefined ? {} : { dimRoundingMode: rounding }),
              },
            )
            expect(result.shape).toEqual(filterShape)
            return Float32Array.from(result.dataSync())
          })
        const before = tf.memory().numTensors
        const found = gradient(wasm, filterShape, down * right === 1 ? {} : { dilations: c.dilations })
        expect(tf.memory().numTensors).toBe(before)
        const expected = gradient(cpu, whole, {})
        const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1)
        const depth = c.channels * c.filters
        for (const [i, value] of found.entries()) {
          const [row, column] = [Math.floor(i / depth / c.columns), Math.floor(i / depth) % c.columns]
          const same = expected[(row * down * reach[1] + column * right) * depth + (i % depth)]!
          expect(Math.abs(value - same)).toBeLessThanOrEqual(1e-5 * largest)
        }
      }),
      cases(300),
    )
  })

  test('refuses channels first, with advice', () => {
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

describe('Conv2DBackpropInput on wasm', () => {
  test('agrees with the cpu backend on every stride and padding', () => {
    fc.assert(
      fc.property(convolutions, c => {
        const inputShape: Shape4 = [c.batch, c.height, c.width, c.channels]
        const filterShape: Shape4 = [c.rows, c.columns, c.channels, c.filters]
        const rounding = typeof c.pad === 'string' ? {} : { dimRoundingMode: 'floor' as const }
        const info = tf.backend_util.computeConv2DInfo(
          inputShape,
          filterShape,
          c.strides,
          1,
          c.pad,
          rounding.dimRoundingMode,
        )
        const dyShape: Shape4 = [c.batch, info.outHeight, info.outWidth, c.filters]
        const gradient = (backend: Backend): Float32Array =>
          backend.tidy(() => {
            const result: tf.Tensor = tf.engine().runKernel(
              tf.Conv2DBackpropInput,
              {
                dy: tf.tensor4d(values(sizeOf(dyShape), c.seed), dyShape),
                filter: tf.tensor4d(values(sizeOf(filterShape), c.seed + 1), filterShape),
              },
              { strides: c.strides, pad: c.pad, dataFormat: 'NHWC', inputShape, ...rounding },
            )
            expect(result.shape).toEqual(inputShape)
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
      cases(200),
    )
  })
})

describe('products on wasm', () => {
  test('agree with the cpu backend with and without transposed factors, plain, batched and fused', () => {
    fc.assert(
      fc.property(
        fc.tuple(side, side, side),
        fc.constantFrom<ReadonlyArray<number>>([], [1], [3]),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.nat(1e6),
        ([rows, inner, columns], batch, flipA, flipB, fused, seed) => {
          // tfjs 4.22 on wasm adds the bias of a batched fused product to its first rows only, also
          // without our kernels; nothing here uses such a product.
          fc.pre(!fused || sizeOf(batch) === 1)
          const shapeA = [...batch, ...(flipA ? [inner, rows] : [rows, inner])]
          const shapeB = [...batch, ...(flipB ? [columns, inner] : [inner, columns])]
          const product = (backend: Backend): Float32Array =>
            backend.tidy(() => {
              const a = tf.tensor(values(sizeOf(shapeA), seed), shapeA)
              const b = tf.tensor(values(sizeOf(shapeB), seed + 1), shapeB)
              const bias = tf.tensor1d(values(columns, seed + 2))
              const found = fused
                ? tf.fused.matMul({ a, b, transposeA: flipA, transposeB: flipB, bias, activation: 'relu' })
                : tf.matMul(a, b, flipA, flipB)
              expect(found.shape).toEqual([...batch, rows, columns])
              return Float32Array.from(found.dataSync())
            })
          const before = tf.memory().numTensors
          const found = product(wasm)
          expect(tf.memory().numTensors).toBe(before)
          for (const [i, value] of product(cpu).entries())
            expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(1e-5 * inner)
        },
      ),
      cases(200),
    )
  })
})

describe('MaxPoolGrad', () => {
  test('is the derivative of max pooling for every size, stride and padding', () => {
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
          // With distinct integers, a change below one half moves no maximum, so the difference quotient is exact.
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
          // float32 sums of values up to the number of pixels.
          expect(Math.abs(along - difference)).toBeLessThanOrEqual(1e-6 * x.length * Math.sqrt(x.length))
        },
      ),
    )
  })

  test('gives the gradient of a tie to the first entry', () => {
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
