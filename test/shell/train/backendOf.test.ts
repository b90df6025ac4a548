import * as tf from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { autoOrder, choose, chooseForNoTensors } from '../../../src/shell/backend/chooseBackend.js'
import type { ImageSet } from '../../../src/shell/data/set/ImageSet.js'
import { mostLit } from '../../../src/shell/train/gradient/PlacedImages.js'
import { backendOf } from '../../../src/shell/train/backendOf.js'
import { lenet } from '../../../src/shell/model/lenet.js'
import { flatten, maxPool } from '../../../src/shell/model/Layer.js'
import { mlp } from '../../../src/shell/model/mlp.js'
import { sequential } from '../../../src/shell/model/Network.js'
import type { Recipe } from '../../../src/shell/train/Problem.js'
import { run } from './fixtures.js'

const shape = [28, 28, 1] as const
const recipe: Recipe = {
  network: { kind: 'mlp', hidden: [3] },
  hyperparameters: { family: 'l2', per: 'layer', lower: -4, upper: 4 },
}

/** Images with all pixels lit, or with every second pixel lit. */
const images = (lit: boolean): ImageSet => ({
  images: Float32Array.from({ length: 2 * 784 }, (_, i) => (lit ? 1 : i % 2)),
  labels: new Uint8Array(2),
  shape,
  classes: 10,
})
const splitsOf = (train: ImageSet, validation: ImageSet) => ({
  splits: { train, validation, test: images(true) },
})
const dark = splitsOf(images(false), images(false))

/** Whether a backend is loaded: it activates itself and returns the values of tensors. */
const loads = async (problem: Parameters<typeof backendOf>[1]): Promise<boolean> => {
  await tf.setBackend('cpu')
  const { tidy, values } = await run(backendOf('wasm', problem))
  return tidy(() => tf.getBackend() === 'wasm' && values(tf.ones([2])).join() === '1,1')
}

test('a backend is loaded for networks of other layers, and for problems that no configuration made', async () => {
  await run(choose('cpu'))
  // Without a dense layer at its end.
  const pooled = sequential('pooled', [2, 2, 10], 10, [maxPool([2, 2, 10]), flatten([1, 1, 10])])
  expect(await loads({ network: pooled, recipe, ...dark })).toBe(true)
  for (const network of [mlp(shape, 10, [3]), lenet(shape, 10)]) {
    expect(await loads({ network, ...dark })).toBe(true)
    expect(await loads({ network, recipe, ...dark })).toBe(false)
  }
})

test('for convolutions, and for dark images, auto takes a backend that needs no loading; otherwise the first that works', async () => {
  const dense = mlp(shape, 10, [3])
  const nameFor = async (choice: 'auto' | 'cpu', splits: typeof dark, network = dense) =>
    (await run(backendOf(choice, { network, recipe, ...splits }))).name
  const first = (await run(chooseForNoTensors('auto'))).name
  expect(await nameFor('auto', dark)).toBe('wasm')
  expect(await nameFor('cpu', dark)).toBe('cpu')
  expect(await nameFor('auto', splitsOf(images(true), images(false)))).toBe(first)
  expect(await nameFor('auto', splitsOf(images(false), images(true)))).toBe(first)
  const bright = splitsOf(images(true), images(true))
  expect(await nameFor('auto', bright, lenet(shape, 10))).toBe('wasm')
  expect(await nameFor('cpu', bright, lenet(shape, 10))).toBe('cpu')
})

test('documents state the order of auto', () => {
  const inOrder = (names: ReadonlyArray<string>) => names.map(name => `\`${name}\``).join(', ')
  const sentence =
    `\`auto\` takes the first that works of ${inOrder(autoOrder.fastestFirst)}; for networks with convolutions, and for dense ` +
    `networks on images of which at most ${mostLit * 100} % is lit, of ${inOrder(autoOrder.unloadedFirst)}`
  for (const file of ['README.md', 'docs/native.md', 'docs/configuration.md'])
    expect(readFileSync(file, 'utf8').replaceAll(/\s+/g, ' '), file).toContain(sentence)
})
