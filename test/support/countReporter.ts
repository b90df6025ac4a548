import type { Reporter, TestModule } from 'vitest/node'

/** Closes a run with one plain line, `N passed, N failed, N skipped`, which any CI can read. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap(module => [...module.children.allTests()].map(test => test.result().state))
    const count = (state: string): number => states.filter(other => other === state).length
    const broken = modules.filter(module => module.state() === 'failed' && module.errors().length > 0).length
    console.log(
      `${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped') + count('pending')} skipped`,
    )
  }
}
