import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { choose } from '../../../src/shell/backend/Backend.js'
import { backendOf } from '../../../src/shell/problem/BackendOf.js'
import { lenet } from '../../../src/shell/problem/lenet.js'
import { mlp } from '../../../src/shell/problem/mlp.js'
import type { Recipe } from '../../../src/shell/problem/Problem.js'
import { run } from './fixtures.js'

const shape = [28, 28, 1] as const
const recipe: Recipe = {
  network: { kind: 'mlp', hidden: [3] },
  hyperparameters: { family: 'l2', per: 'layer', lower: -4, upper: 4 },
}

/** Whether a backend is loaded: activates itself, and gives values of tensors. */
const loads = async (problem: Parameters<typeof backendOf>[1]): Promise<boolean> => {
  await tf.setBackend('cpu')
  const { tidy, values } = await run(backendOf('wasm', problem))
  return tidy(() => tf.getBackend() === 'wasm' && values(tf.ones([2])).join() === '1,1')
}

test('a backend is loaded for convolutions, and for what no configuration made', async () => {
  await run(choose('cpu'))
  expect(await loads({ network: lenet(shape, 10), recipe })).toBe(true)
  expect(await loads({ network: mlp(shape, 10, [3]) })).toBe(true)
  expect(await loads({ network: mlp(shape, 10, [3]), recipe })).toBe(false)
})
