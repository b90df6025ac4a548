/**
 * A function that remembers its latest result: asked again about the very same objects, it does not compute again.
 *
 * Nobody can tell but by the time it takes. One result is held, not one for each object (as a WeakMap would): states
 * of a run may all be kept, for a replay or a plot, and what is derived from them must not be.
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
