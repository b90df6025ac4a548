/** Makes docs/many.md and its figure from docs/results/groups and docs/results/cleaning. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as t from 'io-ts'
import * as E from 'fp-ts/lib/Either.js'
import { decode } from '../../src/core/codec/Codec.js'
import { inline, nothing } from '../../src/shell/compare/text/figures.js'
import { markdownTable } from '../../src/shell/compare/text/markdown.js'
import { renewalNotes } from '../../src/shell/compare/text/notes.js'
import { estimate, type Estimate } from '../../src/shell/compare/result/statistics.js'
import type { Spec } from '../../src/shell/report/figures/Figure.js'
import { distinct, rule, text as ink } from '../../src/shell/report/figures/theme.js'
import { CleaningResult } from './cleaningResult.js'
import {
  bestRival,
  leastAt,
  leastKnown,
  meanOf,
  measures,
  reach,
  type Task,
  type Weights,
} from './manyData.js'
import { formatted } from './formatted.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const manyPath = join(root, 'docs', 'many.md')
export const manyFigure = join(root, 'docs', 'figures', 'many')
export const cleaningFolder = join(root, 'docs', 'results', 'cleaning')

const labelsOf = ([first]: ReadonlyArray<Task>): ReadonlyArray<string> =>
  first?.comparison.plan.contenders.map(({ label }) => label) ?? []
const protagonist = 'bilevel'
const nearnesses = [0.01, 0.05] as const
const percent = (share: number): string => `${Math.round(100 * share)} %`
const yesNo = (value: boolean): string => (value ? 'yes' : 'no')

/** Efforts in lower-level solves, one for each seed. */
const solves = (values: ReadonlyArray<number | null>): string =>
  values.map(value => (value === null ? nothing : value.toFixed(1))).join(', ')

const effortTable = (all: ReadonlyArray<Task>, nearness: number): string =>
  markdownTable(
    [
      'd',
      `${protagonist}: retrained`,
      `${protagonist}: or continued`,
      ...labelsOf(all).filter(label => label !== protagonist),
    ],
    all.map(task => [
      String(task.dimension),
      solves(reach(task, protagonist, nearness, 'retrained')),
      solves(reach(task, protagonist, nearness, 'trained')),
      ...labelsOf(all)
        .filter(label => label !== protagonist)
        .map(label => solves(reach(task, label, nearness, 'retrained'))),
    ]),
  )

const exactTest = ({ implicit }: Task): Estimate | null => estimate(implicit.map(({ exact }) => exact.test))
const known = (task: Task): Estimate | null =>
  estimate(task.comparison.plan.seeds.map(seed => leastKnown(task, seed).loss))

const lossTable = (all: ReadonlyArray<Task>): string =>
  markdownTable(
    [
      'd',
      'validation: least known',
      protagonist,
      'above the least known',
      'test: implicit gradient',
      protagonist,
      'refit test: implicit gradient',
      protagonist,
      'best rival: validation',
      'test',
      'refit test',
    ],
    all.map(task => {
      const rival = bestRival(task)
      const gap = estimate(
        task.finished
          .filter(({ label }) => label === protagonist)
          .map(run => (measures.validation(run) ?? Infinity) / leastKnown(task, run.seed).loss - 1),
      )
      const ofRival = (measure: keyof typeof measures): string =>
        rival === null ? nothing : inline(meanOf(task, rival, measures[measure]), 4)
      return [
        String(task.dimension),
        inline(known(task), 4),
        inline(meanOf(task, protagonist, measures.validation), 4),
        gap === null ? nothing : `${(100 * gap.mean).toFixed(2)} %`,
        inline(exactTest(task), 4),
        inline(meanOf(task, protagonist, measures.test), 4),
        inline(estimate(task.implicit.map(({ refitTest }) => refitTest)), 4),
        inline(meanOf(task, protagonist, measures.refitTest), 4),
        rival === null ? nothing : `${rival}: ${ofRival('validation')}`,
        ofRival('test'),
        ofRival('refitTest'),
      ]
    }),
  )

/** One bullet: the d where a loss is least, and the loss at the largest d. */
const whereLeast = (
  what: string,
  all: ReadonlyArray<Task>,
  of: (task: Task) => Estimate | null,
): ReadonlyArray<string> => {
  const rows = all.flatMap(task => {
    const found = of(task)
    return found === null ? [] : [{ dimension: task.dimension, loss: found.mean }]
  })
  const [least, last] = [leastAt(rows), rows.at(-1)]
  return least === null || last === undefined
    ? []
    : [
        `- ${what}: least at d = ${least.dimension} (${least.loss.toFixed(4)})` +
          (least.dimension === last.dimension
            ? ', the largest d.'
            : `; at d = ${last.dimension} it is ${last.loss.toFixed(4)}.`),
      ]
}

const whereItStops = (all: ReadonlyArray<Task>): string =>
  [
    ...whereLeast('Validation loss, least known', all, known),
    ...whereLeast('Test loss at the λ of the implicit gradient', all, exactTest),
    ...whereLeast(`Test loss at the λ of ${protagonist}`, all, task =>
      meanOf(task, protagonist, measures.test),
    ),
    ...whereLeast('Test loss of the refit at the λ of the implicit gradient', all, ({ implicit }) =>
      estimate(implicit.map(({ refitTest }) => refitTest)),
    ),
    ...whereLeast(`Test loss of the refit at the λ of ${protagonist}`, all, task =>
      meanOf(task, protagonist, measures.refitTest),
    ),
  ].join('\n')

const costTable = (all: ReadonlyArray<Task>): string =>
  markdownTable(
    [
      'd',
      ...labelsOf(all).map(label => `${label}: solves’ effort`),
      ...labelsOf(all).map(label => `${label}: s`),
    ],
    all.map(task => [
      String(task.dimension),
      ...labelsOf(all).map(label =>
        inline(
          meanOf(task, label, run => run.result.effortEpochs / task.comparison.plan.budget.epochsPerSolve),
          1,
        ),
      ),
      ...labelsOf(all).map(label =>
        inline(
          meanOf(task, label, run => run.timings.processorSeconds),
          1,
        ),
      ),
    ]),
  )

const bestKnownTable = (all: ReadonlyArray<Task>): string =>
  markdownTable(
    [
      'd',
      'seed',
      'implicit: exact',
      'retrained',
      '‖P(λ − ∇F) − λ‖∞',
      'at bounds',
      'long run: retrained',
      'solves’ effort',
      's',
      'MB',
      'least of all methods’ runs',
      'least known',
    ],
    all.flatMap(task =>
      task.comparison.plan.seeds.map(seed => {
        const implicit = task.implicit.find(one => one.seed === seed)
        const long = task.long.find(one => one.seed === seed)
        const runs = leastKnown({ ...task, implicit: [], long: [] }, seed)
        const least = leastKnown(task, seed)
        return [
          String(task.dimension),
          String(seed),
          implicit?.exact.validation.toFixed(4) ?? nothing,
          implicit?.retrained.validation.toFixed(4) ?? nothing,
          implicit?.projectedGradient.toExponential(0) ?? nothing,
          implicit === undefined ? nothing : String(implicit.atBounds[0] + implicit.atBounds[1]),
          long?.retrained.validation.toFixed(4) ?? nothing,
          long === undefined
            ? nothing
            : (long.effortEpochs / task.comparison.plan.budget.epochsPerSolve).toFixed(1),
          long?.seconds.toFixed(0) ?? nothing,
          long?.megabytes.toFixed(0) ?? nothing,
          `${runs.loss.toFixed(4)} (${runs.by})`,
          `${least.loss.toFixed(4)} (${least.by})`,
        ]
      }),
    ),
  )

/** The targets that were set beforehand for the bilevel method, for each d. */
const askedTable = (all: ReadonlyArray<Task>): string => {
  const searched = (task: Task): number | null =>
    meanOf(task, protagonist, run => run.result.effortEpochs / task.comparison.plan.budget.epochsPerSolve)
      ?.mean ?? null
  const reached = (task: Task): ReadonlyArray<number> =>
    reach(task, protagonist, 0.01, 'retrained').filter(value => value !== null)
  const inAll = (task: Task): number | null => estimate(reached(task))?.mean ?? null
  const [first] = all
  const base = first === undefined ? null : inAll(first)
  return markdownTable(
    [
      'd',
      'retrained within 1 % (seeds)',
      'effort until λ was found, solves',
      'with the training at λ',
      '≤ 20',
      `ratio to d = ${first?.dimension ?? 1}`,
    ],
    all.map(task => {
      const effort = inAll(task)
      return [
        String(task.dimension),
        `${reached(task).length} of ${task.comparison.plan.seeds.length}`,
        searched(task)?.toFixed(1) ?? nothing,
        effort?.toFixed(1) ?? nothing,
        effort === null ? nothing : yesNo(effort <= 20),
        effort === null || base === null ? nothing : (effort / base).toFixed(2),
      ]
    }),
  )
}

/** The committed results of data cleaning. */
export const cleaning = (folder = cleaningFolder): ReadonlyArray<CleaningResult> =>
  ['cleaning-mnist', 'cleaning-mnist-mlp'].flatMap(preset => {
    const path = join(folder, `${preset}.json`)
    if (!existsSync(path)) return []
    const found = decode(CleaningResult)(JSON.parse(readFileSync(path, 'utf8')))
    if (E.isLeft(found)) throw new Error(`${path}: ${found.left}`)
    return [found.right]
  })

interface Target {
  readonly text: string
  readonly met: (value: number) => boolean
}

interface Measure {
  readonly name: string
  readonly of: (run: CleaningResult['runs'][number]) => number
  readonly digits: number
  readonly scale?: number
  /** The target for the mean over seeds of softmax regression. */
  readonly target?: Target
}

const atLeast = (bound: number, text: string): Target => ({
  text: `≥ ${text}`,
  met: value => value >= bound,
})
const atMost = (bound: number, text: string): Target => ({
  text: `≤ ${text}`,
  met: value => value <= bound,
})

const cleaningMeasures: ReadonlyArray<Measure> = [
  {
    name: 'Test accuracy with learned weights',
    of: run => run.learned.accuracy,
    digits: 4,
    target: atLeast(0.9, '.90'),
  },
  {
    name: 'Wrong labels with a weight below ½, %',
    of: run => run.wrongBelowHalf,
    digits: 1,
    scale: 100,
    target: atLeast(0.94, '94'),
  },
  {
    name: 'Right labels with a weight above ½, %',
    of: run => run.rightAboveHalf,
    digits: 1,
    scale: 100,
    target: atLeast(0.9, '90'),
  },
  {
    name: 'Test accuracy, refitted on the kept images (weight > ½) and the validation set',
    of: run => run.keptAndValidation.accuracy,
    digits: 4,
    target: atLeast(0.91, '.91'),
  },
  {
    name: 'Test accuracy, refitted with learned weights and the validation set',
    of: run => run.refit.accuracy,
    digits: 4,
  },
  { name: 'Test accuracy, trained on all labels as they are', of: run => run.plain.accuracy, digits: 4 },
  { name: 'Test accuracy, trained on the right labels alone', of: run => run.clean.accuracy, digits: 4 },
  {
    name: 'Test accuracy, trained on the right labels and the validation set: the gain of knowing the truth',
    of: run => run.cleanAndValidation.accuracy,
    digits: 4,
  },
  {
    name: 'Test accuracy, trained on all labels and the validation set',
    of: run => run.together.accuracy,
    digits: 4,
  },
  { name: 'Effort, solves', of: run => run.solvesOfEffort, digits: 1, target: atMost(40, '40') },
  { name: 'Seconds, the whole run', of: run => run.seconds, digits: 1, target: atMost(300, '300') },
  { name: 'Peak memory, MB', of: run => run.megabytes, digits: 0, target: atMost(2048, '2048') },
]

const cleaningTable = (results: ReadonlyArray<CleaningResult>): string =>
  markdownTable(
    [
      '',
      ...results.flatMap(({ preset }) => [preset, ...(preset === 'cleaning-mnist' ? ['target', 'met'] : [])]),
    ],
    cleaningMeasures.map(({ name, of, digits, scale, target }) => [
      name,
      ...results.flatMap(({ preset, runs }) => {
        const found = estimate(runs.map(of))
        const cell = inline(found, digits, scale)
        if (preset !== 'cleaning-mnist') return [cell]
        return [
          cell,
          target?.text ?? '',
          target === undefined || found === null ? '' : yesNo(target.met(found.mean)),
        ]
      }),
    ]),
  )

const where = (results: ReadonlyArray<CleaningResult>): string =>
  results
    .map(
      ({ preset, runs, backend, machine, node, date }) =>
        `${preset}: ${runs.length} seeds, backend ${backend}, ${machine}, Node ${node.replace('v', '')}, ${date}.`,
    )
    .join(' ')

const lines = ['bilevel, or continued'] as const

/** Effort against d: a panel for each nearness, a line for each method. A mark is missing if some seed never came near. */
export const figure = (all: ReadonlyArray<Task>): Spec => {
  const labels = labelsOf(all)
  const names = [...labels, ...lines]
  const weights = (name: string): readonly [label: string, weights: Weights] =>
    name === lines[0] ? [protagonist, 'trained'] : [name, 'retrained']
  const rows = nearnesses.flatMap(nearness =>
    all.flatMap(task =>
      names.flatMap(name => {
        const found = reach(task, weights(name)[0], nearness, weights(name)[1])
        const reached = found.filter(value => value !== null)
        return reached.length < found.length
          ? []
          : [
              {
                within: `within ${percent(nearness)}`,
                method: name,
                d: task.dimension,
                solves: reached.reduce((sum, value) => sum + value, 0) / reached.length,
              },
            ]
      }),
    ),
  )
  const { color, dash, shape } = distinct('method', names, 620)
  const x = {
    field: 'd',
    type: 'quantitative',
    title: 'hyperparameters',
    scale: { type: 'log', domain: [0.8, 1000], nice: false },
    axis: { values: all.map(({ dimension }) => dimension), format: 'd', grid: false },
  }
  const y = {
    field: 'solves',
    type: 'quantitative',
    title: 'effort, in lower-level solves',
    scale: { type: 'log', domain: [0.4, 260], nice: false },
    axis: { values: [0.5, 1, 2, 5, 10, 20, 50, 100, 200], format: '~g', gridColor: rule.light },
  }
  return {
    data: { values: rows },
    facet: {
      column: {
        field: 'within',
        type: 'nominal',
        title: null,
        sort: nearnesses.map(nearness => `within ${percent(nearness)}`),
        header: { labelColor: ink.light, labelFontSize: 12 },
      },
    },
    spec: {
      width: 260,
      height: 240,
      layer: [
        { mark: { type: 'line' }, encoding: { x, y, color, strokeDash: dash } },
        { mark: { type: 'point', filled: true, size: 60, opacity: 1 }, encoding: { x, y, color, shape } },
      ],
    },
  }
}

const introduction = `# From one hyperparameter to thousands

A search among λ becomes steeply more expensive with the number of hyperparameters d. A gradient does not. This document measures what the gradient
is worth, on two tasks: softmax regression with 1 to 784 L2 coefficients (\`groups-mnist-…\`), with all five methods; and data cleaning with
5,000 weights of examples (\`cleaning-mnist\`). \`test/bench/many.ts\` writes it from the committed results.
[hyperparameters.md](hyperparameters.md) has the families and the presets. [comparison.md](comparison.md) says how methods are
compared.`

const signed = (value: number): string => String(value).replace('-', '−')

/** Range and budget of the comparisons, from their plans. */
const setting = (all: ReadonlyArray<Task>): string => {
  const Blocks = t.type({ lower: t.number, upper: t.number })
  const settings = all.map(({ comparison: { plan } }) => {
    const range = decode(Blocks)(plan.task['hyperparameters'])
    return E.isLeft(range)
      ? ''
      : `λ is in [${signed(range.right.lower)}, ${signed(range.right.upper)}]; rivals have the effort of ${plan.budget.solves} lower-level solves (${plan.budget.epochsPerSolve} epochs each)`
  })
  return [...new Set(settings)].join('; ')
}

const groupsText = (
  all: ReadonlyArray<Task>,
): string => `## Softmax regression, one L2 coefficient for each block of pixels

1,000 images of MNIST train, 2,000 validate. Each of d blocks of pixels has a coefficient. The blocks are the whole image, then 14 × 14 pixels,
7 × 7, 4 × 4, 2 × 2, and single pixels. In these runs ${setting(all)}. The bilevel method has its preset’s budget and stops by itself.

Below λ = −1, the epochs of a solve are too few to solve the lower level. Losses there would say more about the solver than about λ. So the range
ends at −1. For the same reason solves have up to two hundred epochs, and the pairs of the bilevel method are long (600 steps): the flattest directions have
curvatures of 2·10⁻⁴.

### Effort to come near the least validation loss known

The unit is lower-level solves, one number for each seed; – means that the run never came near. _Retrained_ and _continued_ are as in
[comparison.md](comparison.md). For rivals, retrained weights count. The bilevel method retrains at the end, at the λ that it returns; its effort
includes that training. The least loss known at each d and seed is that of any weights that were trained on the training set alone, however λ
was found ([below](#the-least-losses-known)).`

const figureText = `![Effort to within 1 % and 5 % of the least validation loss known, against the number of hyperparameters](figures/many.svg)

A mark is a mean over the seeds. It is missing if a method did not come near at every seed.`

const lossText = `### The losses reached

The columns have the validation and test loss of weights trained at λ on the training set. _Refit_ means trained at λ on training and validation
set together. The _implicit gradient_ finds the λ with the least validation loss. Its validation and test losses are those of exact lower-level weights; its
refit is by the solver of the runs. Values are means over seeds ± standard error.`

const stopText = `Where more hyperparameters stop helping:`

const costText = `### What it costs

The effort until λ was found, and the processor seconds until then.`

const knownText = `### The least losses known

Another method computes the truth here. Softmax regression is convex and small. So Newton’s method gives the exact lower-level minimum w\\*(λ), and the
implicit function theorem gives ∇F(w\\*(λ)), by conjugate gradients on H·q = ∇F in float64 (\`test/support/softmaxRegression.ts\`). H is the Hessian of
f in w. A projected quasi-Newton method minimises over λ, starting at the minimum for the next smaller number of blocks. F(w\\*(λ)) is not convex in
λ, so the result is a stationary point, without a proof that it is the least one. The table also has the bilevel method with 150 outer iterations.
\`test/bench/bestKnown.ts\` computes both.

Weights _retrained_ at a λ end at a gradient of 2·10⁻⁴ or after two hundred epochs, not at the exact minimum. They may validate better or worse
than the exact minimum. Therefore the least known loss counts all of them.`

const cleaningText = `## Data cleaning: a weight for each of 5,000 images

Half of the training labels were replaced at random. A tenth of these got their own label again, so 45 % are wrong. 5,000 clean images validate.
Nothing is trained or chosen by the true labels. All trainings start at the initial weights, with one solver and one L2 coefficient
(\`test/bench/cleaning.ts\`). Values are means over seeds ± standard error. The targets are for softmax regression.`

/** The whole document. */
export const many = async (
  all: ReadonlyArray<Task>,
  cleaned: ReadonlyArray<CleaningResult>,
): Promise<string> => {
  const text = [
    introduction,
    groupsText(all),
    ...nearnesses.flatMap(nearness => [`Within ${percent(nearness)}:`, effortTable(all, nearness)]),
    figureText,
    'The target for the bilevel method: retrained weights within 1 % at every d, for the effort of at most 20 solves, and for at most twice as much at d = 784 as at d = 1.',
    askedTable(all),
    lossText,
    lossTable(all),
    stopText,
    whereItStops(all),
    costText,
    costTable(all),
    ...new Set(all.flatMap(({ comparison }) => renewalNotes(comparison))),
    knownText,
    bestKnownTable(all),
    cleaningText,
    cleaningTable(cleaned),
    where(cleaned),
  ].join('\n\n')
  return formatted(manyPath, text)
}
