/**
 * The version of the numerics: which numbers the methods of this package compute.
 *
 * A log proves a run only to a program that computes as the recording one did. The log format has its own version
 * (`RunLog.version`). This version covers how methods respond to the observations in a log.
 */
import type { Header } from './RunLog.js'

/**
 * Raise it in any release in which equal observations may lead to other commands or infos, for example after a new
 * default or a new order of summation. Until then a committed log of the current version fails its test.
 */
export const numerics = 1

/** Methods whose decisions changed since, with a version of their own. 2: diverged losses are drawn in. */
const ofMethods: Readonly<Record<string, number>> = { bayesian: 2 }

/** The version of the numerics of a method. */
export const numericsOf = (method: string): number => ofMethods[method] ?? numerics

/** The key of this version in the field `versions` of a {@link Header}. */
export const numericsKey = 'numerics'

/**
 * Whether the methods here compute as those that recorded, so that the decisions of the log can be replayed. A header
 * without this version (for example of your own method) is trusted if its records replay.
 */
export const sameNumerics = ({ method, versions }: Pick<Header, 'method' | 'versions'>): boolean => {
  const recorded = versions[numericsKey]
  return recorded === undefined || recorded === String(numericsOf(method))
}
