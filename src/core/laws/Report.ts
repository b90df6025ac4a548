/**
 * The result of an examination, law by law, as data and as text.
 */
import type { Law } from './Law.js'

/** The parts of a law that reports show. */
export type Statement = Pick<Law<never>, 'name' | 'meaning' | 'source'>

/** A law that a subject is declared not to keep, with the reason. */
export interface Exception {
  readonly law: string
  readonly because: string
}

/** A case that breaks a law, shrunk as far as possible. */
export interface Counterexample {
  /** The case as text. */
  readonly shown: string
  /** What is violated in it, with numbers. */
  readonly violation: string
  /** Seed of fast-check; with `path` it reproduces this case first. */
  readonly seed: number
  readonly path: string
  /** Number of cases before it that kept the law. */
  readonly after: number
  readonly shrinks: number
}

/** The verdict on one law over all cases. */
export type Finding =
  /** Kept in every case; `tested` of them tested it. */
  | { readonly _tag: 'Kept'; readonly law: Statement; readonly tested: number }
  /** No case tested it, so nothing is known. */
  | { readonly _tag: 'Untested'; readonly law: Statement }
  | { readonly _tag: 'Broken'; readonly law: Statement; readonly counterexample: Counterexample }
  /** Declared as an exception, and indeed broken. */
  | {
      readonly _tag: 'Declared'
      readonly law: Statement
      readonly because: string
      readonly counterexample: Counterexample
    }
  /** Declared as an exception, but no case breaks it: the declaration must be removed. */
  | { readonly _tag: 'Needless'; readonly law: Statement; readonly because: string }
  /** Declared as an exception to a law that does not exist. */
  | { readonly _tag: 'NoSuchLaw'; readonly name: string; readonly because: string }

/** All findings of one examination. */
export interface Report {
  readonly subject: string
  readonly runs: number
  readonly seed: number
  readonly findings: ReadonlyArray<Finding>
}

/** Whether a finding needs a correction. */
export const isFault = ({ _tag }: Finding): boolean =>
  _tag === 'Broken' || _tag === 'Needless' || _tag === 'NoSuchLaw'

/**
 * Whether a report is free of faults: each law is kept, untested, or a declared exception that is indeed broken.
 *
 * @example
 * ```ts
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * Laws.passed({ subject: 'nothing', runs: 0, seed: 1, findings: [] }) // => true
 * Laws.passed({ subject: 'mine', runs: 9, seed: 1, findings: [{ _tag: 'NoSuchLaw', name: 'x', because: 'y' }] }) // => false
 * ```
 */
export const passed = ({ findings }: Report): boolean => !findings.some(isFault)

/**
 * Names of the laws that are broken without a declaration.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { type Exception, Laws, type Options, type Report } from 'bilevel-hpo/laws'
 *
 * const zero = { ...Parts.defaults.penalty, initial: () => () => 0 }
 * const report: Report = Laws.penaltySchedule(zero)({ runs: 20, only: ['penalty is positive'] })
 * Laws.broken(report) // => ['penalty is positive']
 * // A declared exception is not a fault.
 * const declared: Exception = { law: 'penalty is positive', because: 'this schedule is for a method without a penalty' }
 * const options: Options = { runs: 20, only: ['penalty is positive'], except: [declared] }
 * Laws.broken(Laws.penaltySchedule(zero)(options)) // => []
 * ```
 */
export const broken = ({ findings }: Report): ReadonlyArray<string> =>
  findings.flatMap(finding => (finding._tag === 'Broken' ? [finding.law.name] : []))

const shownCounterexample = ({
  shown,
  violation,
  seed,
  path,
  after,
  shrinks,
}: Counterexample): ReadonlyArray<string> => [
  `    violated:       ${violation}`,
  `    counterexample: ${shown}`,
  `    found after ${after} cases that keep the law, shrunk ${shrinks} times; { seed: ${seed}, path: "${path}" } reproduces it first`,
]

const explained = ({ meaning, source }: Statement): ReadonlyArray<string> => [
  `    meaning:        ${meaning}`,
  `    source:         ${source}`,
]

const lines = (finding: Finding, runs: number): ReadonlyArray<string> => {
  switch (finding._tag) {
    case 'Kept':
      return [`  kept      ${finding.law.name} (${finding.tested} of ${runs} cases tested it)`]
    case 'Untested':
      return [`  untested  ${finding.law.name} (none of ${runs} cases tested it)`]
    case 'Broken':
      return [
        `  BROKEN    ${finding.law.name}`,
        ...shownCounterexample(finding.counterexample),
        ...explained(finding.law),
      ]
    case 'Declared':
      return [
        `  declared  ${finding.law.name}: ${finding.because}`,
        `    for example:    ${finding.counterexample.violation}`,
      ]
    case 'Needless':
      return [
        `  NEEDLESS  ${finding.law.name}`,
        `    declared as an exception ("${finding.because}"), but none of ${runs} cases breaks it; remove the declaration`,
        ...explained(finding.law),
      ]
    case 'NoSuchLaw':
      return [
        `  UNKNOWN   ${finding.name}`,
        `    declared as an exception ("${finding.because}"), but no law here has that name`,
      ]
  }
}

const textOf = (
  { subject, findings, runs, seed }: Report,
  verdict: string,
  shown: ReadonlyArray<Finding>,
): string =>
  [
    `${subject}: ${findings.length === 1 ? '1 law' : `${findings.length} laws`}, ${runs} cases each, seed ${seed}${verdict}`,
    ...shown.flatMap(finding => lines(finding, runs)),
  ].join('\n')

/**
 * The whole report as text; faults in full detail.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * const text = Laws.format(Laws.penaltySchedule(Parts.defaults.penalty)({ runs: 20 }))
 * text.includes('kept      penalty is positive (20 of 20 cases tested it)') // => true
 * ```
 */
export const format = (report: Report): string => textOf(report, '', report.findings)

/**
 * The faults only, as text.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * const zero = { ...Parts.defaults.penalty, initial: () => () => 0 }
 * const text = Laws.formatFaults(Laws.penaltySchedule(zero)({ runs: 20 }))
 * text.includes('BROKEN    penalty is positive') // => true
 * ```
 */
export const formatFaults = (report: Report): string => {
  const faults = report.findings.filter(isFault)
  return textOf(report, faults.length === 0 ? ': no fault' : `: ${faults.length} at fault`, faults)
}
