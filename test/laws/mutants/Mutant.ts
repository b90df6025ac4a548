/** A mutant: a single fault, and the law that must find it. */
import type { Options, Report } from '../../../src/core/laws/index.js'

export interface Mutant {
  readonly name: string
  /** Description of the fault. */
  readonly fault: string
  /** The law that kills it. */
  readonly law: string
  readonly examine: (options: Options) => Report
}
