/**
 * Tests laws with fast-check. Cases are generated once, and every law checks each of them. A counterexample of a broken
 * law is then shrunk for that law alone.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import type { Law, Tested } from './Law.js'
import type { Counterexample, Exception, Finding, Report } from './Report.js'

/** Options of an examination. */
export interface Options {
  /** Cases per law. Default 100. */
  readonly runs?: number
  /** Seed of all randomness. Default 1: equal options give equal reports. */
  readonly seed?: number
  /** Path of a counterexample, as a report states it; then only that case and smaller ones are checked. */
  readonly path?: string
  /** Laws that this subject is known to break. */
  readonly except?: ReadonlyArray<Exception>
  /** Names of the laws to examine; default: all. */
  readonly only?: ReadonlyArray<string>
  /** Most candidates checked while one counterexample is shrunk. Default 300. */
  readonly shrinks?: number
}

/** What to examine: a generator of cases, the evidence of a case, and the laws about the evidence. */
export interface Examination<C, A> {
  readonly subject: string
  readonly cases: fc.Arbitrary<C>
  readonly evidence: (one: C) => A
  readonly laws: ReadonlyArray<Law<A>>
  /** A case as text. Default: `fc.stringify`. */
  readonly show?: (one: C) => string
}

/** The verdict of a law; a violation if the subject throws, which it must not. */
const verdict = <A>(law: Law<A>, evidence: () => A): E.Either<string, Tested> => {
  try {
    return law.check(evidence())
  } catch (cause) {
    return E.left(
      `it threw ${cause instanceof Error ? `${cause.name}: ${cause.message}` : fc.stringify(cause)}`,
    )
  }
}

/** fast-check also makes objects without a prototype and says so; drop that note, it only distracts. */
const readable = (one: unknown): string => fc.stringify(one).replaceAll('__proto__:null,', '')

interface Tally<C> {
  tested: number
  failure: { readonly index: number; readonly one: C; readonly violation: string } | null
}

const replaying = (path: string | undefined): { readonly path?: string } =>
  path === undefined ? {} : { path }

const shrink = <C, A>(
  { cases, evidence, show = readable }: Examination<C, A>,
  law: Law<A>,
  { index, one, violation }: NonNullable<Tally<C>['failure']>,
  {
    seed,
    path,
    shrinks,
  }: { readonly seed: number; readonly path: string | undefined; readonly shrinks: number },
): Counterexample => {
  const from = path ?? String(index)
  let looked = 0
  const details = fc.check(
    fc.property(cases, candidate => looked++ > shrinks || E.isRight(verdict(law, () => evidence(candidate)))),
    { seed, path: from, numRuns: path === undefined ? index + 1 : 1 },
  )
  const smallest = details.counterexample?.[0]
  const again = smallest === undefined ? null : verdict(law, () => evidence(smallest))
  // A subject that depends on a clock or on chance may not fail twice. Then show the original case.
  const same = smallest === undefined || again === null || E.isRight(again)
  return {
    shown: show(same ? one : smallest),
    violation: same ? violation : again.left,
    seed,
    path: details.counterexamplePath ?? from,
    after: index,
    shrinks: same ? 0 : details.numShrinks,
  }
}

/**
 * Examines a subject: generates `runs` cases, checks every law on each, and shrinks a counterexample of each broken
 * law.
 *
 * Never throws. Equal options give equal reports if the subject is deterministic.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as fc from 'fast-check'
 * import { type Counterexample, examine, type Examination, type Finding, type Law, type Tested } from 'bilevel-hpo/laws'
 *
 * const small = (n: number): E.Either<string, Tested> => (n < 50 ? E.right('tested') : E.left(`${n} is not small`))
 * const law: Law<number> = { name: 'small', meaning: 'Every number is below 50.', source: 'an example', check: small }
 * const examination: Examination<number, number> = { subject: 'numbers', cases: fc.nat(100), evidence: n => n, laws: [law] }
 * const [finding]: ReadonlyArray<Finding> = examine(examination).findings
 * const smallest: Counterexample | null = finding?._tag === 'Broken' ? finding.counterexample : null
 * smallest?.violation // => '50 is not small'
 * ```
 */
export const examine = <C, A>(
  examination: Examination<C, A>,
  { runs = 100, seed = 1, path, except = [], only, shrinks = 300 }: Options = {},
): Report => {
  const laws = examination.laws.filter(({ name }) => only === undefined || only.includes(name))
  const tallies = new Map(laws.map((law): [Law<A>, Tally<C>] => [law, { tested: 0, failure: null }]))
  let index = 0
  fc.check(
    fc.property(examination.cases, one => {
      let made: { readonly evidence: A } | null = null
      const evidence = (): A => (made ??= { evidence: examination.evidence(one) }).evidence
      for (const [law, tally] of tallies) {
        if (tally.failure !== null) continue
        const found = verdict(law, evidence)
        if (E.isLeft(found)) tally.failure = { index, one, violation: found.left }
        else if (found.right === 'tested') tally.tested++
      }
      index++
      // Stop once every law is broken.
      return ![...tallies.values()].every(({ failure }) => failure !== null)
    }),
    { seed, numRuns: runs, endOnFailure: true, ...replaying(path) },
  )
  const findings = laws.map((law): Finding => {
    const { tested, failure } = tallies.get(law) ?? { tested: 0, failure: null }
    const declared = except.find(exception => exception.law === law.name)
    const { name, meaning, source } = law
    const statement = { name, meaning, source }
    if (failure !== null) {
      const counterexample = shrink(examination, law, failure, { seed, path, shrinks })
      return declared === undefined
        ? { _tag: 'Broken', law: statement, counterexample }
        : { _tag: 'Declared', law: statement, because: declared.because, counterexample }
    }
    if (declared !== undefined) return { _tag: 'Needless', law: statement, because: declared.because }
    return tested === 0 ? { _tag: 'Untested', law: statement } : { _tag: 'Kept', law: statement, tested }
  })
  const unknown = except
    .filter(({ law }) => !examination.laws.some(({ name }) => name === law))
    .map(({ law, because }): Finding => ({ _tag: 'NoSuchLaw', name: law, because }))
  return { subject: examination.subject, runs, seed, findings: [...findings, ...unknown] }
}
