/**
 * A law: a statement about every case of a kind, with what it means and where it comes from.
 *
 * This layer is pure and knows no fast-check: a law looks at one case and says whether it is kept.
 */
import * as E from 'fp-ts/lib/Either.js'

/** Whether a case put the law to the test at all: many laws speak of some cases only. */
export type Tested = 'tested' | 'silent'

/** A law about evidence of type A. */
export interface Law<A> {
  /** Short and stable: exceptions are declared by it. */
  readonly name: string
  /** One sentence. */
  readonly meaning: string
  /** Section, book, paper or contract. */
  readonly source: string
  /** Left: what was violated, with numbers. */
  readonly check: (evidence: A) => E.Either<string, Tested>
}

export const tested: E.Either<string, Tested> = E.right('tested')
/** The law says nothing of this case. */
export const silent: E.Either<string, Tested> = E.right('silent')

/** Kept where the condition holds, else violated for this reason. */
export const unless = (holds: boolean, reason: () => string): E.Either<string, Tested> =>
  holds ? tested : E.left(reason())

/** The first violation; silent where every part was. */
export const every = (parts: Iterable<E.Either<string, Tested>>): E.Either<string, Tested> => {
  let verdict = silent
  for (const part of parts) {
    if (E.isLeft(part)) return part
    if (part.right === 'tested') verdict = part
  }
  return verdict
}

/** A check of every member of a list, with its index. */
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

/** The law for evidence that contains the law's own. */
export const contramap =
  <A, B>(of: (b: B) => A) =>
  (law: Law<A>): Law<B> => ({ ...law, check: evidence => law.check(of(evidence)) })
