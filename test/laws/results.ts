/** The kit's verdict on the unbroken method and its parts, and on every mutant. Uses published entry points only. */
import { Laws, type Options } from '../../src/core/laws/index.js'
import { mutants } from './mutants/index.js'
import { unbroken } from './subjects.js'

/** The result for one unbroken subject. */
export interface Examined {
  readonly name: string
  readonly laws: number
  readonly passed: boolean
  /** Number of laws that no case tested. */
  readonly untested: number
  readonly seconds: number
  /** The report as text. */
  readonly said: string
}

/** Examines the unbroken method and its parts, one after the other, or those of these names. */
export function* examineUnbroken(
  options: Options,
  names: ReadonlyArray<string> = unbroken.map(({ name }) => name),
): Generator<Examined> {
  for (const { name, examine } of unbroken.filter(one => names.includes(one.name))) {
    const start = performance.now()
    const report = examine(options)
    yield {
      name,
      laws: report.findings.length,
      passed: Laws.passed(report),
      untested: report.findings.filter(({ _tag }) => _tag === 'Untested').length,
      seconds: Math.round((performance.now() - start) / 1000),
      said: Laws.format(report),
    }
  }
}

/** A mutant, the law that must kill it and that it was examined with, and the names of the broken laws. */
export interface Hunted {
  readonly of: string
  readonly name: string
  readonly law: string
  readonly broken: ReadonlyArray<string>
}

/** Examines mutants: all, or at most so many of each family. */
export const hunt = (options: Options, most = Infinity): ReadonlyArray<Hunted> =>
  mutants.flatMap(({ of, mutants: faulty }) =>
    faulty.slice(0, most).map(({ name, law, examine }) => ({
      of,
      name,
      law,
      broken: Laws.broken(examine({ ...options, only: [law] })),
    })),
  )
