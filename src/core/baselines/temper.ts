/**
 * Tempers the losses of trials before a process is fitted: losses far above most are compressed. Otherwise a training
 * that diverged to a finite loss would set the scale and hide the differences of the others.
 *
 * First it is asked what F is like over the box. Trials crowd where F is low, so of those closer to one another than a
 * tenth of the box only the best counts; the largest loss counts always. With the losses y_1 ≤ … ≤ y_n that are left,
 *
 * | symbol | meaning                                                                                             |
 * | ------ | --------------------------------------------------------------------------------------------------- |
 * | m      | the least rank, 2 and n/3 at least, with a gap above it: y_(m+1) − y_m > 50·(y_m − y_1)              |
 * | w      | y_m − y_1                                                                                           |
 * | c      | y_m + w: beyond, losses are drawn in                                                                |
 *
 *     T(y) = y for y ≤ c,    c + w·l/(1 + l/3) with l = ln(1 + (y − c)/w) beyond
 *
 * Where there is no such gap, T(y) = y for all. T is increasing, has a continuous slope, stays at or below c + 3·w, and
 * commutes with every change of units of F. Only large losses are drawn in, for a training diverges to large ones.
 *
 * A gap is asked for since drawing in does harm where F is merely uneven: with all losses drawn in that were ten deviations
 * of the lower half above the median, the worst of ten seeds on Branin's function went from .0015 to 1.7
 * (docs/rivals.md). Warping outputs before a process is fitted to them is the practice of Vizier, by ranks (Golovin et
 * al. 2017; Song et al. 2024, arXiv 2408.11527).
 */

type Vec = ReadonlyArray<number>

/** A point of the unit cube with its loss. */
export interface Placed {
  readonly unit: Vec
  readonly loss: number
}

/** Points closer than this, in root mean square over the dimensions, count as one place. */
const near = 0.1

/** A gap is larger than this many spreads of the losses below it. */
const gap = 50

/** Losses up to this many spreads above the others are not compressed. */
const believed = 1

/** Compressed losses stay within this many w above c. */
const farthest = 3

const isNear = (one: Vec, other: Vec): boolean =>
  one.reduce((sum, u, k) => sum + (u - other[k]!) ** 2, 0) < near ** 2 * one.length

/** The losses of the places that are not close to a better one, in ascending order. */
const placesApart = (placed: ReadonlyArray<Placed>): Vec =>
  [...placed]
    .sort((one, other) => one.loss - other.loss)
    .reduce<ReadonlyArray<Placed>>(
      (kept, next) => (kept.some(({ unit }) => isNear(unit, next.unit)) ? kept : [...kept, next]),
      [],
    )
    .map(({ loss }) => loss)

/** c and w; `null` if there is no gap. */
const boundsOf = (sorted: Vec): { readonly from: number; readonly width: number } | null => {
  for (let m = Math.max(2, Math.ceil(sorted.length / 3)); m < sorted.length; m++) {
    const high = sorted[m - 1]!
    const spread = high - sorted[0]!
    // The only scale of equal losses is their own size.
    const scale = spread > 0 ? spread : Math.abs(high)
    const width = believed * scale
    if (sorted[m]! - high > gap * scale && width > 0 && Number.isFinite(farthest * width))
      return { from: high + width, width }
  }
  return null
}

/** T of each loss. */
export const temper = (placed: ReadonlyArray<Placed>): Vec => {
  const largest = placed.reduce((max, { loss }) => Math.max(max, loss), -Infinity)
  // The largest loss counts even if it is close to a better one.
  const bounds = boundsOf([...placesApart(placed), largest])
  if (bounds === null) return placed.map(({ loss }) => loss)
  const { from, width } = bounds
  return placed.map(({ loss }) => {
    if (!(loss > from)) return loss
    const steps = Math.log1p(loss / width - from / width)
    // As c + w·l/(1 + l/3), written so that an infinite l gives c + 3·w.
    return from + width / (1 / steps + 1 / farthest)
  })
}
