/**
 * The brackets of Hyperband (Li et al. 2018, JMLR 18:185, algorithm 1 and table 1): runs of successive halving that
 * start n trials with r resources each, for several trade-offs of n against r.
 *
 *     s_max = ⌊log_η R⌋        r_i = R·η^(i−s)        n_i = ⌊n·η^−i⌋        i = 0 … s,  s = s_max … 0
 *
 * Table 1 has n = ⌊(s_max + 1)/(s + 1)⌋·η^s, as the authors' program computes it. Algorithm 1 has
 * n = ⌈(s_max + 1)·η^s/(s + 1)⌉. With R = 81 and η = 3 these are 81, 27, 9, 6, 5 and 81, 34, 15, 8, 5.
 */

/** A rung: the number of trials, and the total resources of each. */
export interface Rung {
  readonly n: number
  readonly r: number
}

/** One run of successive halving. */
export interface Bracket {
  readonly s: number
  /** From the rung with the most trials and the least resources on. */
  readonly rungs: ReadonlyArray<Rung>
}

/**
 * The sizes of the brackets: R ≥ 1, the most resources of a trial in units of the least, and η ≥ 2. `sizes`: the source
 * of the numbers of trials, the paper's table 1 (the default) or its algorithm 1.
 */
export interface BracketOptions {
  readonly R: number
  readonly eta: number
  readonly sizes?: 'table' | 'algorithm'
}

/** Relative rounding error of quotients and logarithms of whole numbers. */
const rounding = 1e-9

const floor = (x: number): number => Math.floor(x * (1 + rounding))
const ceil = (x: number): number => Math.ceil(x * (1 - rounding))

/** n_i of a bracket that starts n trials. */
export const halvings = (n: number, s: number, eta: number): ReadonlyArray<number> =>
  Array.from({ length: s + 1 }, (_, i) => floor(n * eta ** -i))

/**
 * All brackets of Hyperband, from s_max = ⌊log_η R⌋ down to 0. Bracket s starts n trials with R·η^(−s) resources each;
 * rung i has ⌊n·η^(−i)⌋ trials with R·η^(i−s). Source: Li et al. 2018, algorithm 1 and table 1.
 *
 * @example
 * ```ts
 * import { type Bracket, type BracketOptions, brackets, type Rung } from 'bilevel-hpo'
 *
 * const options: BracketOptions = { R: 81, eta: 3 }
 * const [first]: ReadonlyArray<Bracket> = brackets(options)
 * // 81 trials of one resource each; a third of them continues with three times as many; …
 * const halving: ReadonlyArray<Rung> = first?.rungs ?? []
 * halving.map(({ n, r }) => [n, r]) // => [[81, 1], [27, 3], [9, 9], [3, 27], [1, 81]]
 * ```
 */
export const brackets = ({ R, eta, sizes = 'table' }: BracketOptions): ReadonlyArray<Bracket> => {
  const most = Math.floor(Math.log(R) / Math.log(eta) + rounding)
  return Array.from({ length: most + 1 }, (_, index): Bracket => {
    const s = most - index
    const n =
      sizes === 'table'
        ? ceil(floor((most + 1) / (s + 1)) * eta ** s)
        : ceil(((most + 1) * eta ** s) / (s + 1))
    return { s, rungs: halvings(n, s, eta).map((count, i) => ({ n: count, r: R * eta ** (i - s) })) }
  })
}
