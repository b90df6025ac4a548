/** For every test file: fast-check's seed and numbers of cases, and what a failed property says. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { count } from './cases.js'
import { modeOf, reproduction } from './mode.js'

const mode = modeOf(process.env)
const root = `${process.cwd()}/`

/** A property that failed says, besides what fast-check says, how to see its counterexample again. */
const reported = (details: fc.RunDetails<unknown>): void => {
  if (!details.failed) return
  const { testPath = '', currentTestName = '' } = expect.getState()
  const where = `${testPath.replace(root, '')} -t ${JSON.stringify(currentTestName.split(' > ').join(' '))}`
  const again = reproduction(mode, where, details.counterexamplePath)
  throw new Error(`${fc.defaultReportMessage(details)}\n\nTo see it again: ${again}`, {
    cause: details.errorInstance,
  })
}

// A plugin, which fast-check prefers, cannot be set for all properties.
// oxlint-disable-next-line typescript/no-deprecated
fc.configureGlobal({ seed: mode.seed, numRuns: count(1000, 'usual'), reporter: reported })
