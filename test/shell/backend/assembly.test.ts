import { expect, test } from 'vitest'
import { convModule } from '../../../src/shell/backend/kernels/convModule.js'
import { denseModule } from '../../../src/shell/backend/kernels/denseModule.js'
import { lbfgsModule } from '../../../src/shell/backend/kernels/lbfgsModule.js'
import { deep } from '../../support/cases.js'
import { compile, fingerprint, modules, toldFingerprint } from '../../tools/assembly.js'

const committed = {
  conv: Buffer.from(convModule, 'base64'),
  dense: Buffer.from(denseModule, 'base64'),
  lbfgs: Buffer.from(lbfgsModule, 'base64'),
}

// Neither the sources nor the module changed since the compiler last wrote one from the other.
test.each(modules)('the module %s was compiled from its source (`npm run assembly`)', module => {
  expect(toldFingerprint(module)).toBe(fingerprint(module, committed[module]))
})

test.runIf(deep).each(modules)('the module %s equals its compiled source', module => {
  expect(committed[module].equals(compile(module))).toBe(true)
})
