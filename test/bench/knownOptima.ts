/**
 * Every problem with a known optimum, from three starts, by `solveBilevel` with its defaults: how far from the optimum it
 * ends, and what it took. Writes docs/results/known-optima.md.
 *
 *     npx tsx test/bench/knownOptima.ts
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import { solveBilevel } from '../../src/core/inMemory/solveBilevel.js'
import * as Known from '../support/knownOptima.js'

const seeds = [1, 2, 3]
const only = process.argv[2]
const problems = [
  Known.henrionSurowiec(1),
  Known.henrionSurowiec(-3),
  Known.lamparielloSagratella,
  Known.macalHurter,
  Known.deSilva,
  Known.smd2,
  ...[1, 2, 10, 100].flatMap(d => seeds.map(seed => Known.diagonalRidge(d, seed))),
  ...[1, 2, 10, 100].flatMap(d => seeds.map(seed => Known.ridgeRegression(d, seed))),
]

const rows = problems
  .filter(({ name }) => only === undefined || name.includes(only))
  .flatMap(known =>
    known.starts.map((start, i) => {
      const began = performance.now()
      const solved = solveBilevel(Known.startedAt(known, start))
      const ms = performance.now() - began
      if (E.isLeft(solved)) return `| ${known.name} | ${i + 1} | ${solved.left.message} | | | | | |`
      const { x, upperValue, lowerLevelSolves, evaluations, violation, stopReason, transitions } =
        solved.right
      const dF = Math.abs(upperValue - known.upperValue) / Math.max(1, Math.abs(known.upperValue))
      const dx = Math.max(...x.map((value, k) => Math.abs(value - known.x[k]!)))
      const close = transitions.find(
        ({ info }) =>
          info.upperLoss !== null &&
          Math.abs(info.upperLoss - known.upperValue) <= 1e-4 * Math.max(1, Math.abs(known.upperValue)),
      )
      const row = `| ${known.name} | ${i + 1} | ${dF.toExponential(1)} | ${dx.toExponential(1)} | ${violation.toExponential(1)} | ${close?.info.lowerLevelSolves ?? '–'} | ${lowerLevelSolves} | ${evaluations} | ${stopReason} |`
      console.log(row, `${ms.toFixed(0)} ms`, dF > 1e-4 || dx > 1e-3 ? '<-- MISSED' : '')
      return row
    }),
  )

const tolerances = [1e-2, 1e-4, 1e-6].map(epsilon => {
  const solved = solveBilevel(Known.lamparielloSagratella.problem, { epsilon })
  if (E.isLeft(solved)) return `| ${epsilon} | ${solved.left.message} | | | |`
  const root = Math.sqrt(epsilon)
  const off = (value: number, truth: number): string => Math.abs(value / truth - 1).toExponential(1)
  const { x, upperValue, multiplier, lowerLevelSolves } = solved.right
  const row = `| ${epsilon} | ${off(x[0]!, (1 - root) / 2)} | ${off(upperValue, (1 - root) ** 2 / 2)} | ${off(multiplier, (1 - root) / (2 * root))} | ${lowerLevelSolves} |`
  console.log(row)
  return row
})

writeFileSync(
  'docs/results/known-optima.md',
  `<!-- Written by test/bench/knownOptima.ts. -->

# Problems with known optima

\`solveBilevel\` with its defaults. ΔF is |F − F*| / max(1, |F*|), Δx the largest component of |x − x*|, and the violation f − φ.
The targets are ΔF ≤ 1e-4 and Δx ≤ 1e-3. Evaluations count F and f together. ${cpus()[0]?.model ?? 'unknown machine'}, Node
${process.version}, ${new Date().toISOString().slice(0, 10)}.

| problem | start | ΔF | Δx | violation | solves to ΔF ≤ 1e-4 | solves | evaluations | stop reason |
|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

## A given tolerance

Lampariello–Sagratella 3.2 with a given \`epsilon\`, compared with x = (1−√ε)/2, F = (1−√ε)²/2, μ = (1−√ε)/(2√ε); relative errors.

| ε | x | F | μ | solves |
|---|---|---|---|---|
${tolerances.join('\n')}
`,
)
