import { expect, test } from 'vitest'
import { denseModule } from '../../../src/shell/backend/kernels/denseModule.js'
import { compile } from '../../support/assembly.js'

test('the module is what its source compiles to (`npm run assembly`)', () => {
  expect(Buffer.from(denseModule, 'base64').equals(compile())).toBe(true)
}, 60_000)
