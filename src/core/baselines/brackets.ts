/**
 * The brackets of Hyperband (Li et al. 2018, JMLR 18:185, algorithm 1 and table 1): successive halving with n trials that
 * start with r resources each, for several trade-offs of n against r.
 *
 *     s_max = ⌊log_η R⌋        r_i = R·η^(i−s)        n_i = ⌊n·η^−i⌋        i = 0 … s,  s = s_max … 0
 *
 * Table 1 has n = ⌊(s_max + 1)/(s + 1)⌋·η^s (as the authors' program computes it), algorithm 1 has
 * n = ⌈(s_max + 1)·η^s/(s + 1)⌉: with R = 81 and η = 3 that is 81, 27, 9, 6, 5 against 81, 34, 15, 8, 5.
 */

/** How many trials, and with how many resources each in all. */
export interface Rung {
  readonly n: number
  readonly r: number
}

/** One run of successive halving. */
export interface Bracket {
  readonly s: number
  /** The first with the most trials and the least resources. */
  readonly rungs: ReadonlyArray<Rung>
}

/**
 * How large the brackets are: R ≥ 1, the most resources of a trial in units of the least, and η ≥ 2. `sizes`: the numbers of trials
 * of the paper's table 1 (the default), or of its algorithm 1.
 */
export interface BracketOptions {
  readonly R: number
  readonly eta: number
  readonly sizes?: 'table' | 'algorithm'
}

/** What quotients and logarithms of whole numbers may lack for being whole. */
const rounding = 1e-9

const floor = (x: number): number => Math.floor(x * (1 + rounding))
const ceil = (x: number): number => Math.ceil(x * (1 - rounding))

/** n_i of a bracket that starts with n trials. */
export const halvings = (n: number, s: number, eta: number): ReadonlyArray<number> =>
  Array.from({ length: s + 1 }, (_, i) => floor(n * eta ** -i))

/**
 * Every bracket of Hyperband, from s_max = ⌊log_η R⌋ down to 0. Bracket s starts with n trials of R·η^(−s) resources each; rung i has
 * ⌊n·η^(−i)⌋ trials of R·η^(i−s). Source: Li et al. 2018, algorithm 1 and table 1.
 *
 * @example
 * ```ts
 * import { type Bracket, type BracketOptions, brackets, type Rung } from 'bilevel-hpo'
 *
 * const options: BracketOptions = { R: 81, eta: 3 }
 * const [first]: ReadonlyArray<Bracket> = brackets(options)
 * // 81 trials of one resource each; a third of them goes on with three times as many; …
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
