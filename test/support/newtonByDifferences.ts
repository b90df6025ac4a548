/**
 * A local minimum of a function of a few variables within bounds, by Newton steps whose derivatives are differences. It
 * serves checkers of solutions, and so shares no code with the solver.
 */
type Vec = ReadonlyArray<number>
type Objective = (y: Vec) => number

/** A place and the value there; NaN counts as Infinity. */
export interface Found {
  readonly y: Vec
  readonly value: number
}

export interface Box {
  readonly low: Vec
  readonly high: Vec
}

const clipped = ({ low, high }: Box, y: Vec): Vec => y.map((v, k) => Math.min(high[k]!, Math.max(low[k]!, v)))

/** The solution of A·s = b by elimination with pivots; `null` if A is singular. */
const solved = (a: ReadonlyArray<Vec>, b: Vec): Vec | null => {
  const rows = a.map((row, i) => [...row, b[i]!])
  const n = b.length
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    if (!(Math.abs(rows[k]![k]!) > 0)) return null
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const share = rows[i]![k]! / rows[k]![k]!
      for (let j = k; j <= n; j++) rows[i]![j]! -= share * rows[k]![j]!
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!)
}

const moved = (y: Vec, k: number, by: number): Vec => y.map((v, i) => (i === k ? v + by : v))

/** Central differences of first and second order. */
const derivatives = (f: Objective, { y, value }: Found) => {
  const h = y.map(v => 1e-4 * Math.max(1, Math.abs(v)))
  const up = y.map((_, k) => f(moved(y, k, h[k]!)))
  const down = y.map((_, k) => f(moved(y, k, -h[k]!)))
  const gradient = y.map((_, k) => (up[k]! - down[k]!) / (2 * h[k]!))
  const hessian = y.map((_, i) =>
    y.map((__, j) => {
      if (i === j) return (up[i]! - 2 * value + down[i]!) / h[i]! ** 2
      const both = f(moved(moved(y, i, h[i]!), j, h[j]!))
      return (both - up[i]! - up[j]! + value) / (h[i]! * h[j]!)
    }),
  )
  return {
    gradient,
    // Forward differences of mixed derivatives are not quite symmetric.
    hessian: hessian.map((row, i) => row.map((v, j) => (v + hessian[j]![i]!) / 2)),
  }
}

/** Longer and longer shares of the gradient are added to the diagonal until a step lowers f. */
const dampings = [0, ...Array.from({ length: 14 }, (_, i) => 10 ** (i - 5))]

/** A local minimum within the box, from a start. */
export const descended = (raw: Objective, box: Box, start: Vec): Found => {
  const f: Objective = y => {
    const value = raw(y)
    return Number.isNaN(value) ? Infinity : value
  }
  const y0 = clipped(box, start)
  let here: Found = { y: y0, value: f(y0) }
  for (let iteration = 0; iteration < 60 && Number.isFinite(here.value); iteration++) {
    const { gradient, hessian } = derivatives(f, here)
    const free = here.y.flatMap((v, k) => {
      const outwards = gradient[k]! > 0 ? v <= box.low[k]! : v >= box.high[k]!
      return outwards || !Number.isFinite(gradient[k]!) ? [] : [k]
    })
    let next: Found | null = null
    for (const damping of dampings) {
      const step = solved(
        free.map((i, a) => free.map((j, b) => hessian[i]![j]! + (a === b ? damping : 0))),
        free.map(i => -gradient[i]!),
      )
      if (step === null || !step.every(Number.isFinite)) continue
      const y = clipped(
        box,
        here.y.map((v, k) => (free.includes(k) ? v + step[free.indexOf(k)]! : v)),
      )
      const value = f(y)
      if (value < here.value) {
        next = { y, value }
        break
      }
    }
    if (next === null) break
    const gained = here.value - next.value
    here = next
    if (gained <= 1e-14 * Math.max(1, Math.abs(here.value))) break
  }
  return here
}
