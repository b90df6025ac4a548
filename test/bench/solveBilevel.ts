/**
 * What `solveBilevel` costs with its defaults, against implicit differentiation: evaluations of F and f until F at the
 * solved lower level is within 1e-3 of the optimum, on five problems; then lower-level solves with m = d = 50, a lower
 * level with a condition of 1e5, and softmax regression on scikit-learn's digits.
 *
 *     npx tsx test/bench/solveBilevel.ts
 *
 * The counts of implicit differentiation are of test/tools/implicitDifferentiation.py.
 */
import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import type { BilevelProblem, Level } from '../../src/core/inMemory/BilevelProblem.js'
import { solveBilevel } from '../../src/core/inMemory/solveBilevel.js'
import * as Rng from '../../src/core/numeric/Rng.js'

type Vec = ReadonlyArray<number>
type Matrix = ReadonlyArray<Vec>

const data = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../data/bilevel/${name}.json`, import.meta.url), 'utf8'))

const dot = (a: Vec, b: Vec): number => a.reduce((sum, v, k) => sum + v * b[k]!, 0)
const times = (A: Matrix, v: Vec): Vec => A.map(row => dot(row, v))
const filled = (length: number, value: number): Vec => Array.from({ length }, () => value)

interface Measured {
  readonly name: string
  /** Of test/data/bilevel/implicit.json. */
  readonly peer: string
  readonly problem: BilevelProblem
  readonly optimum: number
  /** Whether the tolerance is relative even below 1. */
  readonly relative: boolean
}

const interval = (start: number, lower: number, upper: number, count = 1) => ({
  start: filled(count, start),
  lower: filled(count, lower),
  upper: filled(count, upper),
})

const lampariello: Measured = {
  name: 'Lampariello–Sagratella 3.2',
  peer: 'LamparielloSagratella2017Ex32',
  optimum: 0.5,
  relative: false,
  problem: {
    x: interval(1, -100, 100),
    y: { start: [1] },
    upperLevel: ([x = 0], [y = 0]) => ({ value: x * x + y * y, gradX: [2 * x], gradY: [2 * y] }),
    lowerLevel: ([x = 0], [y = 0]) => {
      const off = x + y - 1
      return { value: off * off, gradX: [2 * off], gradY: [2 * off] }
    },
  },
}

const toy: Measured = {
  name: 'V-PBGD, toy problem',
  peer: 'V-PBGD toy',
  optimum: 0.199911,
  relative: false,
  problem: {
    x: interval(1.4, 0, 3),
    y: { start: [-1] },
    upperLevel: ([x = 0], [y = 0]) => {
      const [e, u] = [Math.exp(2 - 4 * x), 4 * x - 2]
      const q = 1 / (1 + e)
      return {
        value: Math.cos(4 * y + 2) * q + Math.log(u * u + 1) / 2,
        gradX: [4 * Math.cos(4 * y + 2) * e * q * q + (4 * u) / (u * u + 1)],
        gradY: [-4 * Math.sin(4 * y + 2) * q],
      }
    },
    lowerLevel: ([x = 0], [y = 0]) => {
      const s = x + y
      return {
        value: s * s + x * Math.sin(s) ** 2,
        gradX: [2 * s + Math.sin(s) ** 2 + x * Math.sin(2 * s)],
        gradY: [2 * s + x * Math.sin(2 * s)],
      }
    },
  },
}

const mitsos: Measured = {
  name: 'Mitsos–Barton 3.17',
  peer: 'MitsosBarton2006Ex317',
  optimum: 3 / 16,
  relative: false,
  problem: {
    x: interval(1, -1, 1),
    y: { start: [1] },
    upperLevel: ([x = 0], [y = 0]) => ({
      value: (x + 0.5) ** 2 + (y * y) / 2,
      gradX: [2 * x + 1],
      gradY: [y],
    }),
    lowerLevel: ([x = 0], [y = 0]) => ({
      value: (x * y * y) / 2 + y ** 4 / 4,
      gradX: [(y * y) / 2],
      gradY: [x * y + y ** 3],
    }),
  },
}

/** F = ½‖y − c‖² + ‖x − a‖²/20, f = ½·yᵀHy − (Bx + b)ᵀy. */
const quadratic = (H: Matrix, B: Matrix, b: Vec, c: Vec, a: Vec): BilevelProblem => ({
  x: interval(0, -10, 10, a.length),
  y: { start: filled(b.length, 0) },
  upperLevel: (x, y) => {
    const [offX, offY] = [x.map((v, k) => v - a[k]!), y.map((v, k) => v - c[k]!)]
    return { value: dot(offY, offY) / 2 + dot(offX, offX) / 20, gradX: offX.map(v => v / 10), gradY: offY }
  },
  lowerLevel: (x, y) => {
    const [Hy, pull] = [times(H, y), times(B, x).map((v, k) => v + b[k]!)]
    return {
      value: dot(y, Hy) / 2 - dot(pull, y),
      gradX: x.map((_, k) => -y.reduce((sum, v, i) => sum + v * B[i]![k]!, 0)),
      gradY: Hy.map((v, k) => v - pull[k]!),
    }
  },
})

/** A random one, whose H has eigenvalues from 1 down to 10^−decades. */
const randomQuadratic = (m: number, d: number, decades: number, seed: number): BilevelProblem => {
  let rng = Rng.make(seed, m, d)
  const draw = (count: number): Vec => {
    const [values, after] = Rng.normals(count)(rng)
    rng = after
    return values
  }
  const Q: Array<Vec> = []
  for (let i = 0; i < m; i++) {
    const orthogonal = Q.reduce((v, q) => {
      const share = dot(v, q)
      return v.map((value, k) => value - share * q[k]!)
    }, draw(m))
    const length = Math.sqrt(dot(orthogonal, orthogonal))
    Q.push(orthogonal.map(v => v / length))
  }
  const eigenvalue = (k: number): number => 10 ** ((-decades * k) / (m - 1))
  const H = Array.from({ length: m }, (_, i) =>
    Array.from({ length: m }, (__, j) => Q.reduce((sum, q, k) => sum + eigenvalue(k) * q[i]! * q[j]!, 0)),
  )
  const B = Array.from({ length: m }, () => draw(d).map(v => v / Math.sqrt(d)))
  return quadratic(H, B, draw(m), draw(m), draw(d))
}

interface Quadratic {
  readonly H: Matrix
  readonly B: Matrix
  readonly b: Vec
  readonly c: Vec
  readonly a: Vec
  readonly Fs: number
}

const coupled = (): Measured => {
  const { H, B, b, c, a, Fs } = data('quadratic') as Quadratic
  return {
    name: 'quadratic, m = 50, d = 10',
    peer: 'quadratic m=50 d=10 cond 10',
    optimum: Fs,
    relative: false,
    problem: quadratic(H, B, b, c, a),
  }
}

const squares = (A: Matrix, b: Vec, w: Vec) => {
  const off = A.map((row, i) => dot(row, w) - b[i]!)
  return {
    value: dot(off, off) / (2 * b.length),
    gradient: w.map((_, k) => off.reduce((sum, e, i) => sum + e * A[i]![k]!, 0) / b.length),
  }
}

const diabetes = (): Measured => {
  const { A, b, V, c, best } = data('diabetes') as { A: Matrix; b: Vec; V: Matrix; c: Vec; best: number }
  return {
    name: 'diabetes, 10 λ',
    peer: 'diabetes ridge d=10',
    optimum: best,
    relative: true,
    problem: {
      x: interval(-3, -10, 5, 10),
      y: { start: filled(10, 0) },
      upperLevel: (x, w) => {
        const { value, gradient } = squares(V, c, w)
        return { value, gradX: x.map(() => 0), gradY: gradient }
      },
      lowerLevel: (x, w) => {
        const { value, gradient } = squares(A, b, w)
        const penalties = x.map((v, k) => (Math.exp(v) * w[k]! ** 2) / 2)
        return {
          value: value + penalties.reduce((sum, v) => sum + v, 0),
          gradX: penalties,
          gradY: gradient.map((g, k) => g + Math.exp(x[k]!) * w[k]!),
        }
      },
    },
  }
}

/** Softmax regression of 64 pixels on 10 classes, with a λ for each of the eight rows of pixels. */
const digits = (): BilevelProblem & { readonly best: number } => {
  const stored = data('digits') as { best: number; A: Array<string>; a: string; V: Array<string>; v: string }
  const pixels = (rows: ReadonlyArray<string>) =>
    Float64Array.from(rows.flatMap(row => row.split(' ').map(v => Number(v) / 16)))
  const sets = {
    train: { pixels: pixels(stored.A), labels: Array.from(stored.a, Number) },
    validate: { pixels: pixels(stored.V), labels: Array.from(stored.v, Number) },
  }
  const entropy = (
    { pixels: X, labels }: { readonly pixels: Float64Array; readonly labels: Vec },
    w: Vec,
  ) => {
    const gradient = new Float64Array(640)
    const z = new Float64Array(10)
    let value = 0
    for (let i = 0; i < labels.length; i++) {
      z.fill(0)
      for (let k = 0; k < 64; k++) {
        const pixel = X[64 * i + k]!
        if (pixel !== 0) for (let j = 0; j < 10; j++) z[j]! += pixel * w[10 * k + j]!
      }
      let [most, sum] = [-Infinity, 0]
      for (let j = 0; j < 10; j++) most = Math.max(most, z[j]!)
      for (let j = 0; j < 10; j++) sum += Math.exp(z[j]! - most)
      const log = most + Math.log(sum)
      value += log - z[labels[i]!]!
      for (let j = 0; j < 10; j++) z[j] = Math.exp(z[j]! - log)
      z[labels[i]!]! -= 1
      for (let k = 0; k < 64; k++) {
        const pixel = X[64 * i + k]! / labels.length
        if (pixel !== 0) for (let j = 0; j < 10; j++) gradient[10 * k + j]! += pixel * z[j]!
      }
    }
    return { value: value / labels.length, gradient: Array.from(gradient) }
  }
  return {
    best: stored.best,
    x: interval(-5, -12, 2, 8),
    y: { start: filled(640, 0) },
    upperLevel: (x, w) => {
      const { value, gradient } = entropy(sets.validate, w)
      return { value, gradX: x.map(() => 0), gradY: gradient }
    },
    lowerLevel: (x, w) => {
      const { value, gradient } = entropy(sets.train, w)
      const strengths = x.map(Math.exp)
      const penalties = strengths.map((s, g) => {
        const part = w.slice(80 * g, 80 * g + 80)
        return (s * dot(part, part)) / 2
      })
      return {
        value: value + penalties.reduce((sum, v) => sum + v, 0),
        gradX: penalties,
        gradY: gradient.map((g, k) => g + strengths[Math.floor(k / 80)]! * w[k]!),
      }
    },
  }
}

interface Peer {
  readonly lower: number | null
  readonly upper: number | null
}

/** Evaluations until the first x at which F(x, y*(x)) is within the tolerance, the solve there included. */
const untilNear = ({ problem, optimum, relative }: Measured): number | null => {
  const tolerance = 1e-3 * (relative ? Math.abs(optimum) : Math.max(1, Math.abs(optimum)))
  let calls = 0
  const asked: Array<{ readonly x: Vec; readonly calls: number }> = []
  const counted =
    (level: Level, notes: boolean): Level =>
    (x, y) => {
      calls++
      if (notes) asked.push({ x, calls })
      return level(x, y)
    }
  solveBilevel({
    ...problem,
    upperLevel: counted(problem.upperLevel, true),
    lowerLevel: counted(problem.lowerLevel, false),
  })
  const seen = new Map<string, boolean>()
  // F is asked at an x first when the lower level is solved there.
  const near = (x: Vec): boolean => {
    const key = x.join(' ')
    const known = seen.get(key)
    if (known !== undefined) return known
    const fixed = { ...problem, x: { start: [...x, 0], lower: [...x, 0], upper: [...x, 1] } }
    const there = solveBilevel(
      {
        ...fixed,
        upperLevel: (whole, y) => {
          const at = problem.upperLevel(whole.slice(0, -1), y)
          return { ...at, gradX: [...at.gradX, 0] }
        },
        lowerLevel: (whole, y) => {
          const at = problem.lowerLevel(whole.slice(0, -1), y)
          return { ...at, gradX: [...at.gradX, 0] }
        },
      },
      { maxLowerLevelSolves: 2 },
    )
    const is = E.isRight(there) && Math.abs(there.right.upperValue - optimum) <= tolerance
    seen.set(key, is)
    return is
  }
  return asked.find(({ x }) => near(x))?.calls ?? null
}

const { counts } = data('implicit') as { counts: Readonly<Record<string, Peer>> }
console.log('evaluations to 1e-3: ours, those of implicit differentiation, ratio')
for (const measured of [lampariello, toy, mitsos, coupled(), diabetes()]) {
  const ours = untilNear(measured)
  const { lower, upper } = counts[measured.peer] ?? { lower: null, upper: null }
  const theirs = lower === null || upper === null ? null : lower + upper
  const ratio = ours === null || theirs === null ? '–' : (ours / theirs).toFixed(2)
  console.log(`${measured.name.padEnd(28)} ${ours ?? 'never'} ${theirs ?? 'never'} ${ratio}`)
}

const whole = (name: string, problem: BilevelProblem): void => {
  const before = process.cpuUsage().user
  const solved = solveBilevel(problem)
  const seconds = (process.cpuUsage().user - before) / 1e6
  if (E.isLeft(solved)) {
    console.log(name, solved.left.message)
    return
  }
  const { upperValue, lowerLevelSolves, evaluations, stopReason } = solved.right
  console.log(
    `${name.padEnd(28)} ${stopReason}, F ${upperValue}, ${lowerLevelSolves} solves, ${evaluations} evaluations, ${seconds.toFixed(1)} s`,
  )
}
console.log('\nto the end (seconds of processor time)')
for (const seed of [1, 2, 3]) whole(`m = d = 50, seed ${seed}`, randomQuadratic(50, 50, 1, seed))
whole('condition 1e5, m = 20, d = 5', randomQuadratic(20, 5, 5, 1))
whole('condition 1e5, m = 50, d = 10', randomQuadratic(50, 10, 5, 1))
const { best, ...softmax } = digits()
whole(`digits (best ${best.toFixed(5)})`, softmax)
