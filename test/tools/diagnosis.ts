/** What test/bench/diagnosis.ts measures of each task, and the sections of docs/reproduction.md on targets that were missed. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { cdf } from '../../src/core/numeric/Normal.js'
import { Count, decode, Finite, Natural, NonNegative, Vector } from '../../src/core/codec/Codec.js'
import type { Question } from '../../src/core/protocol/Command.js'
import type { Step } from '../../src/core/log/Story.js'
import { analyse } from '../../src/shell/compare/result/Analysis.js'
import { nothing } from '../../src/shell/compare/text/figures.js'
import type { Comparison } from '../../src/shell/compare/result/Comparison.js'
import { markdownTable } from '../../src/shell/compare/text/markdown.js'

export const diagnosisFolder = fileURLToPath(new URL('../../docs/results/diagnosis', import.meta.url))

export const Diagnosis = t.readonly(
  t.strict({
    preset: t.string,
    date: t.string,
    machine: t.string,
    node: t.string,
    backend: t.string,
    seed: Natural,
    /** Trainings at one λ on the data of that seed, which differ in initial weights and the order of minibatches. */
    noise: t.readonly(
      t.strict({
        lambda: Vector,
        /** Validation losses, one a training; those that diverged are left out and counted. */
        validation: t.readonlyArray(Finite),
        test: t.readonlyArray(Finite),
        diverged: Natural,
      }),
    ),
    /** One run of the bilevel method: epochs by what they were spent on. */
    phases: t.readonly(t.record(t.string, NonNegative)),
    lowerLevelSolves: Natural,
    epochsUntilFound: NonNegative,
    examples: Count,
  }),
  'Diagnosis',
)
/** Of one task. */
export type Diagnosis = t.TypeOf<typeof Diagnosis>

export const diagnosisPath = (preset: string, folder = diagnosisFolder): string =>
  join(folder, `${preset}.json`)

/** The committed diagnosis of a preset, if there is one. */
export const diagnosisOf = (preset: string, folder = diagnosisFolder): Diagnosis | null => {
  const path = diagnosisPath(preset, folder)
  if (!existsSync(path)) return null
  const found = decode(Diagnosis)(JSON.parse(readFileSync(path, 'utf8')))
  if (E.isLeft(found)) throw new Error(`${path}: ${found.left}`)
  return found.right
}

/** What an answer's effort was spent on. */
const kindOf = (question: Question): string => {
  switch (question._tag) {
    case 'SolveLowerLevel':
      return question.from === 'initial' ? 'trainings from the initial weights' : 'trainings continued'
    case 'DescendWeights':
      return question.upperCoefficient === 0 ? 'paths on f' : 'paths on f and F'
    case 'EvaluateLosses':
      return 'measuring'
    case 'Refit':
      return 'refit'
  }
}

/** Epochs of a run by what they were spent on. */
export const phasesOf =
  (examples: number) =>
  (steps: Iterable<Pick<Step, 'question' | 'observation'>>): Readonly<Record<string, number>> => {
    const spent: Record<string, number> = {}
    for (const { question, observation } of steps) {
      if (question === null || observation === null || !('effort' in observation)) continue
      const kind = kindOf(question)
      spent[kind] = (spent[kind] ?? 0) + observation.effort / examples
    }
    return spent
  }

export interface Spread {
  readonly n: number
  readonly mean: number
  readonly deviation: number
}

/** Mean and standard deviation. */
export const spread = (values: ReadonlyArray<number>): Spread => {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { n, mean, deviation: n < 2 ? 0 : Math.sqrt(squares / (n - 1)) }
}

/**
 * By how many standard deviations the least of n draws lies below their mean, on average, where they scatter normally:
 * Φ⁻¹((n − .375)/(n + .25)), right to 1 % (Blom 1958).
 */
export const leastOfDraws = (n: number): number => {
  if (n <= 1) return 0
  const target = (n - 0.375) / (n + 0.25)
  let [low, high] = [0, 8]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (cdf(middle) < target) low = middle
    else high = middle
  }
  return low
}

const percent = (share: number): string => `${(100 * share).toFixed(2).replace('-', '−')} %`

/** How many λ each contender trained at completely, or at all where it stops early; the mean over seeds. */
const solvesOf = (comparison: Comparison, label: string): number | null =>
  analyse(comparison).standings.find(one => one.label === label)?.of.lowerLevelSolves?.mean ?? null

const noiseRow = (diagnosis: Diagnosis): { readonly relative: number; readonly spread: Spread } => {
  const found = spread(diagnosis.noise.validation)
  return { spread: found, relative: found.deviation / found.mean }
}

/** Where the effort of the bilevel method goes, as shares. */
const phaseText = ({ phases }: Diagnosis): string => {
  const total = Object.values(phases).reduce((sum, epochs) => sum + epochs, 0)
  return Object.entries(phases)
    .filter(([, epochs]) => epochs > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, epochs]) => `${kind} ${epochs.toFixed(0)} (${Math.round((100 * epochs) / total)} %)`)
    .join(', ')
}

/** The table over all tasks: how noisy a validation loss is, and what trying many λ gains from that alone. */
export const diagnosisTable = (
  all: ReadonlyArray<{ readonly name: string; readonly comparison: Comparison }>,
  folder = diagnosisFolder,
): ReadonlyArray<string> => {
  const rows = all.flatMap(({ name, comparison }) => {
    const diagnosis = diagnosisOf(name, folder)
    if (diagnosis === null) return []
    const { relative, spread: found } = noiseRow(diagnosis)
    const tried = ['bilevel', 'random', 'bayesian'].map(label => solvesOf(comparison, label))
    return [
      [
        name,
        diagnosis.noise.lambda.map(x => x.toFixed(2).replace('-', '−')).join(', '),
        `${found.n}${diagnosis.noise.diverged > 0 ? ` (${diagnosis.noise.diverged} diverged)` : ''}`,
        found.mean.toFixed(4),
        percent(relative),
        ...tried.map(n => (n === null ? nothing : n.toFixed(1))),
        percent(
          relative * leastOfDraws(diagnosis.noise.validation.length === 0 ? 1 : Math.round(tried[1] ?? 1)),
        ),
      ],
    ]
  })
  return rows.length === 0
    ? []
    : [
        'Trainings at one λ, the one that the bilevel method returned, on the same images, which differ in initial weights and in the order of ' +
          'minibatches alone (`test/bench/diagnosis.ts`). Their standard deviation is what the 1 % of the target is to be compared with. The last column is by how ' +
          'much the least of as many such losses as random search drew lies below their mean, were every λ as good as this one and each loss drawn by itself: ' +
          'what trying often gains by luck alone, at most, for at one seed all trainings begin at the same weights.',
        markdownTable(
          [
            'task',
            'λ',
            'trainings',
            'validation loss, mean',
            'standard deviation',
            'solves: bilevel',
            'random',
            'bayesian',
            'least of random’s, by luck',
          ],
          rows,
        ),
      ]
}

/** Of one task where the effort asked for was missed: by how much, and where the method's own effort went. */
export const diagnosisText = (
  name: string,
  comparison: Comparison,
  folder = diagnosisFolder,
): ReadonlyArray<string> => {
  const diagnosis = diagnosisOf(name, folder)
  const { verdict, races } = analyse(comparison)
  const ratio = verdict?.effortRatio.retrained ?? null
  if (diagnosis === null || verdict === null || (ratio !== null && ratio <= 0.5)) return []
  const mine = comparison.runs.flatMap(run => {
    const race = races.find(({ seed }) => seed === run.seed)
    const loss =
      run._tag === 'Finished' && run.label === verdict.label ? run.result.trained?.validation.loss : undefined
    return race === undefined || loss === undefined ? [] : [loss / race.best - 1]
  })
  const { relative, spread: found } = noiseRow(diagnosis)
  return [
    `Diagnosis: retrained weights of ${verdict.label} are above the best of the seed by ${mine.map(percent).join(', ')}; the standard deviation of ` +
      `such a loss at one λ is ${percent(relative)} (${found.n} trainings). Epochs of ${verdict.label} at seed ${diagnosis.seed}, ` +
      `finishing included: ${phaseText(diagnosis)}.`,
  ]
}
