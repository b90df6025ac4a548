import { expect, test } from 'vitest'
import { denseModule } from '../../../src/shell/backend/kernels/denseModule.js'
import { lbfgsModule } from '../../../src/shell/backend/kernels/lbfgsModule.js'
import { compile, modules } from '../../tools/assembly.js'

const committed = { dense: denseModule, lbfgs: lbfgsModule }

test.each(modules)(
  'the module %s equals its compiled source (`npm run assembly`)',
  module => {
    expect(Buffer.from(committed[module], 'base64').equals(compile(module))).toBe(true)
  },
  60_000,
)
