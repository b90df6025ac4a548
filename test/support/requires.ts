/**
 * Suites that need what not every machine has. Where it is missing they are skipped, and the run ends with a line that
 * says which and why; where a variable says that it must be there, they fail.
 */
import { describe, expect, it } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** Why a suite was skipped. The reporter prints it. */
    skippedBecause?: string
  }
}

export interface Requirement {
  /** `Chromium`, `tfjs-node`. */
  readonly name: string
  /** Set to 1 where it must be there; null: it never must. */
  readonly variable: `BILEVEL_REQUIRE_${string}` | null
  /** Why it is missing, in a sentence, and what to do about it; null: it is here. */
  readonly missing: string | null
}

const isRequired = (variable: Requirement['variable']): boolean =>
  variable !== null && process.env[variable] === '1'

/** Where `setup:native` succeeded, CI requires it. */
export const tfjsNode = (missing: string | null): Requirement => ({
  name: 'tfjs-node',
  variable: 'BILEVEL_REQUIRE_NATIVE',
  missing,
})

export const chromium = (missing: string | null): Requirement => ({
  name: 'Chromium',
  variable: 'BILEVEL_REQUIRE_BROWSER',
  missing,
})

/** A suite that needs something. */
export const describeWith = (
  { name, variable, missing }: Requirement,
  title: string,
  suite: () => void,
): void => {
  if (missing !== null && isRequired(variable))
    it(`${name} is here, as ${variable ?? ''}=1 requires`, () => expect.unreachable(missing))
  describe(
    title,
    missing === null ? {} : { skip: true, meta: { skippedBecause: `${name}: ${missing}` } },
    suite,
  )
}
