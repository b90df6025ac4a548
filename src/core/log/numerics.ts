/**
 * Which numbers the methods of this package compute.
 *
 * A log proves a run only to the program that computes as the recording one did. What a line *is* has a version of its
 * own (`RunLog.version`); this is the version of what the methods *make of* the observations in it.
 */
import type { Header } from './RunLog.js'

/**
 * Raised by any release in which equal observations may lead to other commands or infos: another default, another order of
 * summation. A committed log of the current version fails its test until this is done.
 */
export const numerics = 1

/** The name under which the versions of a {@link Header} have it. */
export const numericsKey = 'numerics'

/**
 * Whether the methods here compute as those that recorded: the decisions of such a log can be derived again. A header
 * that does not say (of a method of one's own, say) is taken at its word once its records replay.
 */
export const sameNumerics = ({ versions }: Pick<Header, 'versions'>): boolean => {
  const recorded = versions[numericsKey]
  return recorded === undefined || recorded === String(numerics)
}
