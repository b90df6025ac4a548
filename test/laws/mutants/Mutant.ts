/** A single fault, and the law that has to find it. */
import type { Options, Report } from '../../../src/core/laws/index.js'

export interface Mutant {
  readonly name: string
  /** What is wrong with it. */
  readonly fault: string
  /** The law that kills it. */
  readonly law: string
  readonly examine: (options: Options) => Report
}
