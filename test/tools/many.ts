/** docs/many.md and its figure, out of docs/results/groups and docs/results/cleaning. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as t from 'io-ts'
import * as E from 'fp-ts/lib/Either.js'
import { format, resolveConfig } from 'prettier'
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

/** Efforts, seed by seed. */
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

/** The least of a column over d, in a sentence. */
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
            ? ', which is the last.'
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

/** What was asked beforehand of the bilevel method, d by d. */
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
      'with the training there',
      'at most 20',
      `over that at d = ${first?.dimension ?? 1}`,
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

/** Cleaning results that are committed. */
export const cleaning = (folder = cleaningFolder): ReadonlyArray<CleaningResult> =>
  ['cleaning-mnist', 'cleaning-mnist-mlp'].flatMap(preset => {
    const path = join(folder, `${preset}.json`)
    if (!existsSync(path)) return []
    const found = decode(CleaningResult)(JSON.parse(readFileSync(path, 'utf8')))
    if (E.isLeft(found)) throw new Error(`${path}: ${found.left}`)
    return [found.right]
  })

interface Asked {
  readonly text: string
  readonly met: (value: number) => boolean
}

interface Bar {
  readonly name: string
  readonly of: (run: CleaningResult['runs'][number]) => number
  readonly digits: number
  readonly scale?: number
  /** What was asked of softmax regression, of the mean over seeds. */
  readonly asked?: Asked
}

const atLeast = (bound: number, text: string): Asked => ({
  text: `≥ ${text}`,
  met: value => value >= bound,
})
const atMost = (bound: number, text: string): Asked => ({
  text: `≤ ${text}`,
  met: value => value <= bound,
})

const bars: ReadonlyArray<Bar> = [
  {
    name: 'Test accuracy with learned weights',
    of: run => run.learned.accuracy,
    digits: 4,
    asked: atLeast(0.9, '.90'),
  },
  {
    name: 'Wrong labels with a weight below ½, %',
    of: run => run.wrongBelowHalf,
    digits: 1,
    scale: 100,
    asked: atLeast(0.94, '94'),
  },
  {
    name: 'Right labels with a weight above ½, %',
    of: run => run.rightAboveHalf,
    digits: 1,
    scale: 100,
    asked: atLeast(0.9, '90'),
  },
  {
    name: 'Test accuracy, refitted on kept images (weight > ½) and validation set',
    of: run => run.keptAndValidation.accuracy,
    digits: 4,
    asked: atLeast(0.91, '.91'),
  },
  {
    name: 'Test accuracy, refitted with learned weights and the validation set',
    of: run => run.refit.accuracy,
    digits: 4,
  },
  { name: 'Test accuracy, all labels as they are', of: run => run.plain.accuracy, digits: 4 },
  { name: 'Test accuracy, right labels alone', of: run => run.clean.accuracy, digits: 4 },
  {
    name: 'Test accuracy, right labels and the validation set: what knowing the truth would give',
    of: run => run.cleanAndValidation.accuracy,
    digits: 4,
  },
  { name: 'Test accuracy, all labels and the validation set', of: run => run.together.accuracy, digits: 4 },
  { name: 'Effort, solves', of: run => run.solvesOfEffort, digits: 1, asked: atMost(40, '40') },
  { name: 'Seconds, the whole run', of: run => run.seconds, digits: 1, asked: atMost(300, '300') },
  { name: 'Peak memory, MB', of: run => run.megabytes, digits: 0, asked: atMost(2048, '2048') },
]

const cleaningTable = (results: ReadonlyArray<CleaningResult>): string =>
  markdownTable(
    [
      '',
      ...results.flatMap(({ preset }) => [
        preset,
        ...(preset === 'cleaning-mnist' ? ['asked for', 'met'] : []),
      ]),
    ],
    bars.map(({ name, of, digits, scale, asked }) => [
      name,
      ...results.flatMap(({ preset, runs }) => {
        const found = estimate(runs.map(of))
        const cell = inline(found, digits, scale)
        if (preset !== 'cleaning-mnist') return [cell]
        return [
          cell,
          asked?.text ?? '',
          asked === undefined || found === null ? '' : yesNo(asked.met(found.mean)),
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

/** Effort against d, a panel for each nearness and a line a method; a line has no mark where a seed never came near. */
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

The cost of a search among λ grows steeply with how many there are; that of a gradient does not. What that is worth, measured on two
tasks: softmax regression with 1 to 784 L2 coefficients (\`groups-mnist-…\`), all five methods; and data cleaning with 5,000 weights of
examples (\`cleaning-mnist\`). Written by \`test/bench/many.ts\` from the committed results; [hyperparameters.md](hyperparameters.md) has the
families and the presets, [comparison.md](comparison.md) says how methods are compared.`

const signed = (value: number): string => String(value).replace('-', '−')

/** What the comparisons were made with, as their plans say it. */
const setting = (all: ReadonlyArray<Task>): string => {
  const Blocks = t.type({ lower: t.number, upper: t.number })
  const said = all.map(({ comparison: { plan } }) => {
    const range = decode(Blocks)(plan.task['hyperparameters'])
    return E.isLeft(range)
      ? ''
      : `λ is in [${signed(range.right.lower)}, ${signed(range.right.upper)}]; rivals have the effort of ${plan.budget.solves} lower-level solves (${plan.budget.epochsPerSolve} epochs each)`
  })
  return [...new Set(said)].join('; ')
}

const groupsText = (
  all: ReadonlyArray<Task>,
): string => `## Softmax regression, an L2 coefficient a block of pixels

MNIST, 1,000 images train, 2,000 validate. d blocks of pixels have a coefficient each: the whole image, 14 × 14 pixels, 7 × 7, 4 × 4, 2 × 2,
every pixel. In these runs ${setting(all)}, the bilevel method its preset’s, and it stops by itself.

Below λ = −1 the lower level is not solved within what any solve may take, and losses there would say more of the solver than of λ; so the range
ends there, solves have up to two hundred epochs, and pairs of the bilevel method are long (600 steps), for the softest directions have
curvatures of 2·10⁻⁴.

### Effort to come near the least validation loss known

In lower-level solves, seed by seed; – where it never came near. _Retrained_ and _continued_ as in [comparison.md](comparison.md); of
rivals’ weights, retrained ones. The bilevel method retrains at the end, at the λ that it returns, and that training is in the effort, too. The least loss known at each d and seed is of any weights that were trained on the training set alone,
whichever way λ was found ([below](#the-least-losses-known)).`

const figureText = `![Effort to within 1 % and 5 % of the least validation loss known, against the number of hyperparameters](figures/many.svg)

A mark is a mean over the seeds; there is none where a method did not come near at every seed.`

const lossText = `### What it is good for

Weights trained at λ on the training set: validation and test loss. Refitted: trained at λ on training and validation set together. _Implicit
gradient_ is at the λ with the least validation loss, exact weights of the lower level for validation and test; its refit is by the solver of
the runs. Means over seeds ± standard error.`

const stopText = `Where more hyperparameters stop helping:`

const costText = `### What it costs

Effort until λ was found, and processor seconds until then.`

const knownText = `### The least losses known

The truth here is computed by another method: softmax regression is convex and small, so that its exact lower-level minimum w\\*(λ) can be had by
Newton’s method, and ∇F(w\\*(λ)) through the implicit function theorem, H·q = ∇F by conjugate gradients, in float64
(\`test/support/softmaxRegression.ts\`). A projected quasi-Newton method minimises over λ, from the minimum of the next fewer blocks. F(w\\*(λ)) is
not convex in λ, so this is a stationary point, and no proof of a least one. Beside it, the bilevel method with 150 outer iterations. Both are
by \`test/bench/bestKnown.ts\`. Weights _retrained_ at a λ end at a gradient of 2·10⁻⁴ or after two hundred epochs, not at the exact minimum; that may validate better
as well as worse, and so the least known counts all.`

const cleaningText = `## Data cleaning: a weight for each of 5,000 images

Half of the training labels were replaced at random, and a tenth of these by themselves: so 45 % are wrong. 5,000 clean images validate. Nothing
is trained or chosen by the true labels. All trainings start at the initial weights, with one solver and one L2 coefficient
(\`test/bench/cleaning.ts\`). Means over seeds ± standard error; “asked for” is of softmax regression.`

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
    'What was asked of the bilevel method: retrained weights within 1 % at every d, for the effort of 20 solves at most, and at most twice as much at d = 784 as at d = 1.',
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
  return format(text, { ...(await resolveConfig(manyPath)), parser: 'markdown' })
}
