import type { Reporter, TestModule } from 'vitest/node'

/** Why suites were skipped, each with its name and its file. */
const skipped = (modules: readonly TestModule[]): ReadonlyArray<string> =>
  modules.flatMap(module =>
    [...module.children.allSuites()].flatMap(suite => {
      const because = suite.meta().skippedBecause
      return because === undefined ? [] : [`Skipped: ${suite.name} (${module.relativeModuleId}). ${because}`]
    }),
  )

/** Closes a run with one line for each suite that was skipped, and a last one, `N passed, N failed, N skipped`, for any CI. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap(module => [...module.children.allTests()].map(test => test.result().state))
    const count = (state: string): number => states.filter(other => other === state).length
    const broken = modules.filter(module => module.state() === 'failed' && module.errors().length > 0).length
    for (const line of skipped(modules)) console.log(line)
    console.log(
      `${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped') + count('pending')} skipped`,
    )
  }
}
