import { randomInt } from 'node:crypto'
import { defineConfig } from 'vitest/config'
import { modeOf, reproduction, variables } from './test/support/mode.js'

/** `vitest run` tries what `npm test` tries; `vitest run --mode deep` what `npm run test:deep` does. */
export default defineConfig(({ mode }) => {
  const deep = mode === 'deep'
  process.env[variables.deep] = deep ? '1' : '0'
  if (deep) process.env[variables.seed] ??= String(randomInt(2 ** 31))
  const chosen = modeOf(process.env)
  if (deep) console.log(`Deep tests, seed ${chosen.seed}. The same cases again: ${reproduction(chosen, '')}`)
  return {
    test: {
      include: ['test/**/*.test.ts'],
      exclude: deep ? [] : ['test/deep/**'],
      setupFiles: ['test/support/setup.ts'],
      reporters: ['default', './test/support/countReporter.ts'],
      // Against hanging only: a busy machine fails nothing.
      testTimeout: deep ? 1_800_000 : 120_000,
      hookTimeout: deep ? 600_000 : 120_000,
      // Modules are loaded once for each of the two processes, not once for each file.
      isolate: false,
      maxWorkers: 2,
    },
  }
})
