/**
 * Caches the latest result of a function. A second call with the same objects does not compute again.
 *
 * Only the running time shows the cache. It holds one result, not one per object (as a WeakMap would): all states of a
 * run may be kept, for a replay or a plot, and the values derived from them must not be.
 */
export const latestOnly = <A extends ReadonlyArray<unknown>, B>(
  compute: (...of: A) => B,
): ((...of: A) => B) => {
  let latest: { readonly of: A; readonly result: B } | null = null
  return (...of) => {
    if (latest?.of.every((one, i) => one === of[i]) !== true) latest = { of, result: compute(...of) }
    return latest.result
  }
}
