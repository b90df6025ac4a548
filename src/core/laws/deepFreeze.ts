/**
 * Freezes a value and everything it contains, so that any write throws. Typed arrays cannot be frozen.
 *
 * @example
 * ```ts
 * import { deepFreeze } from 'bilevel-hpo/laws'
 *
 * const frozen = deepFreeze({ budget: { solves: 5 } })
 * Object.isFrozen(frozen.budget) // => true
 * ```
 */
export const deepFreeze = <A>(value: A): A => {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
