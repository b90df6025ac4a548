/** The quality of learned example weights, measured against the true labels of a set with noisy ones. */
import type { ImageSet } from '../../src/shell/data/set/ImageSet.js'

/** The examples of a set for which `keep` holds. */
export const subset =
  (keep: (example: number) => boolean) =>
  (set: ImageSet): ImageSet => {
    const pixels = set.images.length / set.labels.length
    const kept = Array.from(set.labels.keys()).filter(keep)
    const images = new Float32Array(kept.length * pixels)
    for (const [at, example] of kept.entries())
      images.set(set.images.subarray(example * pixels, (example + 1) * pixels), at * pixels)
    return {
      images,
      labels: Uint8Array.from(kept, i => set.labels[i]!),
      shape: set.shape,
      classes: set.classes,
    }
  }

/** Share of the wrongly labelled examples with a weight below ½, and of the others with a weight above. */
export interface Separation {
  readonly wrong: number
  readonly wrongBelowHalf: number
  readonly rightAboveHalf: number
}

/** λ: the logit of a weight per example, possibly followed by other components. */
export const separation =
  ({ labels, truth = labels }: ImageSet) =>
  (lambda: ReadonlyArray<number>): Separation => {
    const isWrong = (i: number): boolean => labels[i] !== truth[i]
    const examples = Array.from(labels.keys())
    const wrong = examples.filter(isWrong)
    const right = examples.filter(i => !isWrong(i))
    const share = (of: ReadonlyArray<number>, holds: (i: number) => boolean): number =>
      of.length === 0 ? 1 : of.filter(holds).length / of.length
    return {
      wrong: wrong.length,
      wrongBelowHalf: share(wrong, i => lambda[i]! < 0),
      rightAboveHalf: share(right, i => lambda[i]! > 0),
    }
  }
