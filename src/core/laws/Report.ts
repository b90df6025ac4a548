/**
 * What an examination found, law by law, as data and as text.
 */
import type { Law } from './Law.js'

/** What of a law is said in reports. */
export type Statement = Pick<Law<never>, 'name' | 'meaning' | 'source'>

/** A law that is declared not to hold for a subject, and why. */
export interface Exception {
  readonly law: string
  readonly because: string
}

/** A case that breaks a law, as small as it could be made. */
export interface Counterexample {
  /** The case as text. */
  readonly shown: string
  /** What is violated in it, with numbers. */
  readonly violation: string
  /** Of fast-check: with both, the same case comes first. */
  readonly seed: number
  readonly path: string
  /** Cases that kept the law before. */
  readonly after: number
  readonly shrinks: number
}

/** What became of one law. */
export type Finding =
  /** Kept in every case; `tested` of them put it to the test. */
  | { readonly _tag: 'Kept'; readonly law: Statement; readonly tested: number }
  /** No case put it to the test: nothing is known. */
  | { readonly _tag: 'Untested'; readonly law: Statement }
  | { readonly _tag: 'Broken'; readonly law: Statement; readonly counterexample: Counterexample }
  /** Declared as an exception, and indeed broken. */
  | {
      readonly _tag: 'Declared'
      readonly law: Statement
      readonly because: string
      readonly counterexample: Counterexample
    }
  /** Declared as an exception, though no case breaks it: the declaration is to go. */
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

/** Whether a finding is one that somebody has to do something about. */
export const isFault = ({ _tag }: Finding): boolean =>
  _tag === 'Broken' || _tag === 'Needless' || _tag === 'NoSuchLaw'

/**
 * Whether every law is kept, untested, or an exception that was declared and is one.
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
 * Names of the laws that are broken without having been declared so.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { type Exception, Laws, type Options, type Report } from 'bilevel-hpo/laws'
 *
 * const zero = { ...Parts.defaults.penalty, initial: () => () => 0 }
 * const report: Report = Laws.penaltySchedule(zero)({ runs: 20, only: ['penalty is positive'] })
 * Laws.broken(report) // => ['penalty is positive']
 * // Declared, it is no fault.
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
  `    found after ${after} cases that keep the law, made smaller ${shrinks} times; { seed: ${seed}, path: "${path}" } has it come first`,
]

const explained = ({ meaning, source }: Statement): ReadonlyArray<string> => [
  `    it means:       ${meaning}`,
  `    it comes from:  ${source}`,
]

const lines = (finding: Finding, runs: number): ReadonlyArray<string> => {
  switch (finding._tag) {
    case 'Kept':
      return [`  kept      ${finding.law.name} (${finding.tested} of ${runs} cases put it to the test)`]
    case 'Untested':
      return [`  untested  ${finding.law.name} (none of ${runs} cases put it to the test)`]
    case 'Broken':
      return [
        `  BROKEN    ${finding.law.name}`,
        ...shownCounterexample(finding.counterexample),
        ...explained(finding.law),
      ]
    case 'Declared':
      return [
        `  declared  ${finding.law.name}: ${finding.because}`,
        `    for instance:   ${finding.counterexample.violation}`,
      ]
    case 'Needless':
      return [
        `  NEEDLESS  ${finding.law.name}`,
        `    declared as an exception ("${finding.because}"), but none of ${runs} cases breaks it; take the declaration away`,
        ...explained(finding.law),
      ]
    case 'NoSuchLaw':
      return [
        `  UNKNOWN   ${finding.name}`,
        `    declared as an exception ("${finding.because}"), but no law here has that name`,
      ]
  }
}

/**
 * The whole report as text, faults with all there is to say of them.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * const text = Laws.format(Laws.penaltySchedule(Parts.defaults.penalty)({ runs: 20 }))
 * text.includes('kept      penalty is positive (20 of 20 cases put it to the test)') // => true
 * ```
 */
export const format = (report: Report): string =>
  [
    `${report.subject}: ${report.findings.length === 1 ? '1 law' : `${report.findings.length} laws`}, ${report.runs} cases each, seed ${report.seed}`,
    ...report.findings.flatMap(finding => lines(finding, report.runs)),
  ].join('\n')

/**
 * The faults alone.
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
export const formatFaults = (report: Report): string =>
  format({ ...report, findings: report.findings.filter(isFault) })
