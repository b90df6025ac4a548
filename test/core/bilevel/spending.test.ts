import { expect, test } from 'vitest'
import { decode } from '../../../src/core/codec/Codec.js'
import { BilevelConfig } from '../../../src/core/bilevel/BilevelConfig.js'
import { descentEpochs } from '../../../src/core/bilevel/spending.js'
import * as E from 'fp-ts/lib/Either.js'

const config = (pair: unknown): BilevelConfig => {
  const space = [{ name: 'l2', lower: -10, upper: 4, scale: 'log' }]
  const decoded = decode(BilevelConfig)({ space, trainingExamples: 600, pair })
  return E.isRight(decoded) ? decoded.right : expect.fail('no configuration')
}

// A budget was once exceeded by two epochs: the measurements at the ends of the paths were not counted.
test('a minimisation costs its steps, on f twice and on F once, and a measurement at the end of each path', () => {
  expect(descentEpochs(config({ steps: 100, batchSize: 64 }))).toBeCloseTo((3 * 100 * 64) / 600 + 2, 12)
  expect(descentEpochs(config({ steps: 7, batchSize: null }))).toBe(23)
  expect(descentEpochs(config({ steps: 7, batchSize: null, reference: 'solved' }))).toBe(15)
})
