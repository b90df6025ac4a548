/**
 * A law: a statement that must hold in every case, with its meaning and its source.
 *
 * This layer is pure and does not depend on fast-check: a law checks the evidence of one case and returns a verdict.
 */
import * as E from 'fp-ts/lib/Either.js'

/** Whether a case tested the law at all. Many laws apply to some cases only. */
export type Tested = 'tested' | 'silent'

/** A law about evidence of type A. */
export interface Law<A> {
  /** Short and stable: exceptions refer to a law by it. */
  readonly name: string
  /** One sentence. */
  readonly meaning: string
  /** Section, book, paper or contract. */
  readonly source: string
  /** Left: what was violated, with numbers. */
  readonly check: (evidence: A) => E.Either<string, Tested>
}

export const tested: E.Either<string, Tested> = E.right('tested')
/** The verdict if the law does not apply to this case. */
export const silent: E.Either<string, Tested> = E.right('silent')

/** Kept if the condition holds, otherwise violated for this reason. */
export const unless = (holds: boolean, reason: () => string): E.Either<string, Tested> =>
  holds ? tested : E.left(reason())

/** The first violation; `silent` if every part is. */
export const every = (parts: Iterable<E.Either<string, Tested>>): E.Either<string, Tested> => {
  let verdict = silent
  for (const part of parts) {
    if (E.isLeft(part)) return part
    if (part.right === 'tested') verdict = part
  }
  return verdict
}

/** Checks every member of a list; `check` also gets its index. */
export const each = <A>(
  members: Iterable<A>,
  check: (member: A, index: number) => E.Either<string, Tested>,
): E.Either<string, Tested> => {
  let index = 0
  let verdict = silent
  for (const member of members) {
    const part = check(member, index++)
    if (E.isLeft(part)) return part
    if (part.right === 'tested') verdict = part
  }
  return verdict
}

/** Adapts a law to evidence that contains the law's own evidence. */
export const contramap =
  <A, B>(of: (b: B) => A) =>
  (law: Law<A>): Law<B> => ({ ...law, check: evidence => law.check(of(evidence)) })
