/** Timing for the benchmarks of the Gaussian process: medians, growth exponents, and where they were measured. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'

export const right = <A>(either: E.Either<string | { readonly message: string }, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(typeof either.left === 'string' ? either.left : either.left.message)
}

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return low + (high - low) * (at - Math.floor(at))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** Milliseconds of each repeat. */
export const repeat = (count: number, act: () => unknown): ReadonlyArray<number> =>
  Array.from({ length: count }, () => {
    const start = performance.now()
    act()
    return performance.now() - start
  })

/** Runs for a while, until the engine has compiled what it is going to. */
export const warmUp = (milliseconds: number, act: () => unknown): void => {
  const end = performance.now() + milliseconds
  while (performance.now() < end) act()
}

/** p of t ≈ c·N^p by least squares of logarithms. */
export const growth = (points: ReadonlyArray<readonly [n: number, t: number]>): number => {
  const logs = points.map(([n, t]) => [Math.log(n), Math.log(t)] as const)
  const mean = (of: 0 | 1): number => logs.reduce((sum, point) => sum + point[of], 0) / logs.length
  const [x, y] = [mean(0), mean(1)]
  return (
    logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) /
    logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
  )
}

export const here = () => ({
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
  node: process.version,
})

export const write = (name: string, result: object): void => {
  mkdirSync('docs/results', { recursive: true })
  writeFileSync(`docs/results/${name}.json`, `${JSON.stringify({ ...here(), ...result }, null, 2)}\n`)
}
