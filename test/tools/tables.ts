/**
 * Writes the tables of measurements in the documents, from docs/results/*.json. A document marks the place of a table with
 * `<!-- table: name -->` and `<!-- end -->`.
 */
import { readFileSync } from 'node:fs'
import * as t from 'io-ts'
import * as E from 'fp-ts/lib/Either.js'
import { decode } from '../../src/core/codec/Codec.js'

const Where = t.type({ date: t.string, machine: t.string, node: t.string })

const read = <A>(name: string, codec: t.Type<A, unknown>): A & t.TypeOf<typeof Where> => {
  const path = new URL(`../../docs/results/${name}.json`, import.meta.url)
  const decoded = decode(t.intersection([codec, Where]))(JSON.parse(readFileSync(path, 'utf8')))
  if (E.isLeft(decoded)) throw new Error(`${path.pathname}: ${decoded.left}`)
  return decoded.right
}

type Cells = ReadonlyArray<string>

const table = (
  head: Cells,
  rows: ReadonlyArray<Cells>,
  { machine, node, date }: t.TypeOf<typeof Where>,
): string => {
  const widths = head.map((cell, i) => Math.max(3, cell.length, ...rows.map(row => row[i]!.length)))
  const line = (cells: Cells): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  return [
    line(head),
    line(widths.map(width => '-'.repeat(width))),
    ...rows.map(line),
    '',
    `${machine}, Node ${node.replace('v', '')}, ${date}.`,
  ].join('\n')
}

const Spread = t.type({ median: t.number, p90: t.number, max: t.number })
const Speed = t.type({ wall: t.number, cpu: t.number })

const ms = (value: number): string => (value < 10 ? value.toPrecision(2) : value.toFixed(1))
const perSecond = (value: number): string => (10 * Math.round(value / 10)).toLocaleString('en')
const percent = (share: number): string => `${Math.round(100 * share)} %`

const writers: Readonly<Record<string, () => string>> = {
  'gp-append': () => {
    const Row = t.type({ rows: t.number, append: t.number, refit: t.number })
    const Exponents = t.type({ append: t.number, refit: t.number })
    const found = read('gp-append', t.type({ table: t.array(Row), exponents: Exponents }))
    const { exponents } = found
    return table(
      ['rows N', 'append', 'condition again'],
      [
        ...found.table.map(({ rows, append, refit }) => [String(rows), ms(append), ms(refit)]),
        ['exponent of N', exponents.append.toFixed(2), exponents.refit.toFixed(2)],
      ],
      found,
    )
  },
  'core-step': () => {
    const found = read('core-step', t.type({ allSteps: Spread, at30Solves: Spread, refits: Spread }))
    const row = (name: string, { median, p90, max }: t.TypeOf<typeof Spread>): Cells => [
      name,
      ms(median),
      ms(p90),
      ms(max),
    ]
    return table(
      ['steps', 'median', '90 %', 'max'],
      [
        row('without a fit', found.allSteps),
        row('at 30 solves', found.at30Solves),
        row('with a fit of the hyperparameters', found.refits),
      ],
      found,
    )
  },
  'core-dimensions': () => {
    const Row = t.type({
      d: t.number,
      steps: t.number,
      stepMedian: t.number,
      stepTotal: t.number,
      writtenTotal: t.number,
      readTotal: t.number,
      logBytesAnIteration: t.number,
    })
    const Growth = t.type({
      stepTotal: t.number,
      writtenTotal: t.number,
      readTotal: t.number,
      logBytes: t.number,
    })
    const found = read('core-dimensions', t.type({ table: t.array(Row), growth: Growth }))
    const { growth } = found
    return table(
      ['d', 'median step', 'mean step', 'line packed', 'line unpacked', 'KB of log an outer iteration'],
      [
        ...found.table.map(row => [
          row.d.toLocaleString('en'),
          ms(row.stepMedian),
          ms(row.stepTotal / row.steps),
          ms(row.writtenTotal / row.steps),
          ms(row.readTotal / row.steps),
          (row.logBytesAnIteration / 1000).toFixed(1),
        ]),
        [
          'exponent of d from 1,000 on',
          '',
          growth.stepTotal.toFixed(2),
          growth.writtenTotal.toFixed(2),
          growth.readTotal.toFixed(2),
          growth.logBytes.toFixed(2),
        ],
      ],
      found,
    )
  },
  'one-ahead': () => {
    const Row = t.type({ dimension: t.number, medianError: t.number, within2Deviations: t.number })
    const found = read('one-ahead', t.type({ table: t.array(Row) }))
    return table(
      ['d', 'median error', 'within 2 deviations'],
      found.table.map(({ dimension, medianError, within2Deviations }) => [
        String(dimension),
        medianError.toPrecision(3),
        percent(within2Deviations),
      ]),
      found,
    )
  },
  rivals: () => {
    const Gap = t.type({ median: t.number, worst: t.number })
    const Row = t.type({
      name: t.string,
      dimension: t.number,
      grid: Gap,
      random: Gap,
      hyperband: Gap,
      bayesian: t.type({ gap: Gap, milliseconds: Gap }),
    })
    const found = read('rivals', t.type({ table: t.array(Row) }))
    // The minimum itself is known to 1e-6 only.
    const gap = ({ median, worst }: t.TypeOf<typeof Gap>): string =>
      [median, worst].map(value => (value < 1e-6 ? '< 1e-6' : value.toPrecision(2))).join(' / ')
    return table(
      ['function', 'd', 'grid', 'random', 'Hyperband', 'Bayesian', 'ms a step'],
      found.table.map(({ name, dimension, grid, random, hyperband, bayesian }) => [
        name,
        String(dimension),
        gap(grid),
        gap(random),
        gap(hyperband),
        gap(bayesian.gap),
        `${ms(bayesian.milliseconds.median)} / ${ms(bayesian.milliseconds.worst)}`,
      ]),
      found,
    )
  },
  'structured-gp': () => {
    const First = t.type({ condition: t.number, predict: t.number, held: t.number, peak: t.number })
    const Row = t.type({
      dimension: t.number,
      first: First,
      condition: t.number,
      predict: t.number,
      observe: t.number,
    })
    const found = read('structured-gp', t.type({ table: t.array(Row) }))
    return table(
      ['d', 'first condition + predict', 'MB held', 'peak MB', 'condition', 'predict', 'observe'],
      found.table.map(({ dimension, first, condition, predict, observe }) => [
        dimension.toLocaleString('en'),
        ms(first.condition + first.predict),
        first.held.toFixed(1),
        first.peak.toFixed(1),
        ms(condition),
        ms(predict),
        ms(observe),
      ]),
      found,
    )
  },
  'structured-or-dense': () => {
    const Row = t.type({
      dimension: t.number,
      dense: t.number,
      structured: t.number,
      denseSlopes: t.number,
      structuredSlopes: t.number,
    })
    const found = read('structured-gp', t.type({ crossover: t.array(Row) }))
    return table(
      ['d', 'dense', 'structured', 'dense, with the evidence’s gradient', 'structured, with the gradient'],
      found.crossover.map(({ dimension, dense, structured, denseSlopes, structuredSlopes }) => [
        String(dimension),
        ms(dense),
        ms(structured),
        ms(denseSlopes),
        ms(structuredSlopes),
      ]),
      found,
    )
  },
  steps: () => {
    const Times = t.type({ median: t.number, p10: t.number, p90: t.number })
    const Row = t.type({
      backend: t.string,
      network: t.string,
      batch: t.number,
      naive: t.boolean,
      stock: Times,
      ours: Times,
      ratio: t.number,
    })
    const found = read('steps', t.type({ table: t.array(Row) }))
    const spreadText = ({ median, p10, p90 }: t.TypeOf<typeof Times>): string =>
      `${ms(median)} (${ms(p10)} to ${ms(p90)})`
    return table(
      ['backend', 'network', 'batch', 'tfjs', 'ours', 'ratio'],
      found.table.map(({ backend, network, batch, naive, stock, ours, ratio }) => [
        backend,
        network,
        String(batch),
        `${spreadText(stock)}${naive ? ' †' : ''}`,
        spreadText(ours),
        ratio.toFixed(1),
      ]),
      found,
    )
  },
  'conv-step': () => {
    const Times = t.type({ median: t.number, p10: t.number, p90: t.number })
    const Row = t.type({ network: t.string, batch: t.number, theirs: Times, ours: Times, ratio: Times })
    const found = read('conv-step', t.type({ table: t.array(Row) }))
    const text = ({ median, p10, p90 }: t.TypeOf<typeof Times>): string =>
      `${ms(median)} (${ms(p10)} to ${ms(p90)})`
    return table(
      ['network', 'batch', "tfjs' kernels, ms", 'ours, ms', 'ours : theirs'],
      found.table.map(({ network, batch, theirs, ours, ratio }) => [
        network,
        String(batch),
        text(theirs),
        text(ours),
        text(ratio),
      ]),
      found,
    )
  },
  'many-solves': () => {
    const Ratio = t.type({ median: t.number, p10: t.number, p90: t.number })
    const Row = t.type({
      oneSolveMs: t.number,
      ratioToOneAlone: t.record(t.string, Ratio),
      tenToOneAloneBefore: Ratio,
    })
    const found = read(
      'many-solves',
      t.type({ loadAverage: t.number, backends: t.record(t.string, t.UnknownRecord) }),
    )
    const spreadText = ({ median, p10, p90 }: t.TypeOf<typeof Ratio>): string =>
      [median, p10, p90]
        .map(value => value.toFixed(1))
        .join(' ')
        .replace(/ (.*) (.*)/, ' ($1 to $2)')
    const rows = ['node', 'wasm'].flatMap(backend => {
      const row = found.backends[backend]
      if (!Row.is(row)) return []
      const { oneSolveMs, ratioToOneAlone, tenToOneAloneBefore } = row
      return [
        [
          backend,
          ms(oneSolveMs),
          ...['2', '5', '10'].map(count => spreadText(ratioToOneAlone[count]!)),
          spreadText(tenToOneAloneBefore),
        ],
      ]
    })
    const written = table(
      ['backend', 'one alone, ms', '2 together', '5 together', '10 together', '10 to one alone, before'],
      rows,
      found,
    )
    return `${written.slice(0, -1)}, at a load of ${found.loadAverage.toFixed(0)}.`
  },
  replay: () => {
    const Row = t.type({ dimension: t.number, steps: t.number, fresh: Speed, warm: Speed })
    const found = read('replay', t.type({ table: t.array(Row) }))
    return table(
      ['d', 'steps', 'fresh process', 'per second of processor time', 'warm', 'per second of processor time'],
      found.table.map(({ dimension, steps, fresh, warm }) =>
        [
          dimension,
          steps,
          perSecond(fresh.wall),
          perSecond(fresh.cpu),
          perSecond(warm.wall),
          perSecond(warm.cpu),
        ].map(String),
      ),
      found,
    )
  },
  lenet: () => {
    const Row = t.type({
      pixels: t.string,
      learningRate: t.number,
      lambda: t.number,
      validationLoss: t.union([t.number, t.null]),
      lowerLoss: t.union([t.number, t.null]),
      epochs: t.union([t.number, t.null]),
      seconds: t.number,
    })
    const found = read(
      'lenet',
      t.type({ backend: t.string, loadSeconds: t.number, peakMegabytes: t.number, table: t.array(Row) }),
    )
    return [
      table(
        ['pixels', 'step', 'λ', 'validation loss', 'f', 'epochs', 'processor seconds'],
        found.table.map(({ pixels, learningRate, lambda, validationLoss, lowerLoss, epochs, seconds }) => [
          pixels,
          String(learningRate),
          String(lambda),
          validationLoss?.toFixed(3) ?? 'diverged',
          lowerLoss?.toFixed(3) ?? '–',
          epochs?.toFixed(0) ?? '–',
          seconds.toFixed(1),
        ]),
        found,
      ),
      `Backend ${found.backend}; ${found.loadSeconds.toFixed(1)} s to load and split the cached images; at most ` +
        `${found.peakMegabytes.toFixed(0)} MB of memory for the rows on [0, 1].`,
    ].join(' ')
  },
}

/** The document with its tables rewritten from the committed measurements. */
export const withTables = (document: string): string =>
  document.replaceAll(
    /(<!-- table: ([\w-]+) -->)\n[^]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const write = writers[name]
      if (write === undefined) throw new Error(`No table is called ${name}.`)
      return `${begin}\n\n${write()}\n\n${end}`
    },
  )
