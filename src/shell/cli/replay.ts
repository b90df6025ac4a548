/** `bilevel replay`: checks that a method, given the recorded observations, decides again what the log says. */
import { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Natural } from '../../core/codec/Codec.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import type { Replayed } from '../record/replayRun.js'
import { exitCodes, type Finding, type Finish } from './exit.js'

const help = `
Runs the method again on the recorded observations; it needs neither data nor
backend. Compares every command and every info with the log, and summary.json,
if present, with the summary of the log. A killed run may leave an incomplete
last line; it is dropped, with a notice.

--until stops after that step, counted from 0, and prints the method's info and
state there. --json prints one JSON object instead of text, with the fields
path, header, checked ("decisions", or "records" if no decision could be derived
again), step, steps, seconds, halted, torn (the number of an incomplete last
line, or null), info, open (the questions without an answer) and state.

Examples:
  $ bilevel replay runs/mnist-mlp-1k-0
  $ bilevel replay runs/mnist-mlp-1k-0/run.jsonl
  $ bilevel replay runs/mnist-mlp-1k-0 --until 12
  $ bilevel replay runs/mnist-mlp-1k-0 --json

Exit codes: 0 all is as logged; 1 something differs, and the message names the
line, the field, the expected and the found value; 2 the log cannot be read, its
last line is incomplete, or it was recorded with other numerics, so that its
records were read but no decision was derived again.`

interface Options {
  readonly until?: string
  readonly json: boolean
}

const untilOf = (text: string | undefined): E.Either<ShellError, number | null> => {
  if (text === undefined) return E.right(null)
  const step = /^\d+$/.test(text) ? Number(text) : NaN
  return Natural.is(step)
    ? E.right(step)
    : E.left(
        badInput(
          `The option --until takes the number of a step, an integer ≥ 0, not "${text}". Try --until 0.`,
        ),
      )
}

const asJson = ({
  path,
  header,
  checked,
  steps,
  seconds,
  halted,
  torn,
  unverified,
  after,
}: Replayed): string =>
  JSON.stringify({
    path,
    header,
    checked,
    step: steps === 0 ? null : steps - 1,
    steps,
    seconds,
    halted,
    torn,
    unverified,
    ...after,
  })

/** An object for a person: one line per field. */
const fields = (title: string, value: unknown): ReadonlyArray<string> => [
  title,
  ...(typeof value === 'object' && value !== null
    ? Object.entries(value).map(([name, field]) => `  ${name}: ${JSON.stringify(field)}`)
    : [`  ${JSON.stringify(value)}`]),
]

const perform = async (
  target: string,
  { until: text, json }: Options,
): Promise<E.Either<ShellError, Finding>> => {
  const [{ replayRun, statement }, { otherNumerics, tornNotice }, { methods }] = await Promise.all([
    import('../record/replayRun.js'),
    import('../record/RecordedRun.js'),
    import('../record/Methods.js'),
  ])
  return pipe(
    untilOf(text),
    E.bindTo('until'),
    E.bind('replayed', ({ until }) => replayRun(methods)(target, { until })),
    E.map(({ until, replayed }): Finding => {
      const { path, header, checked, torn, after } = replayed
      const notices = [
        ...(checked === 'records' ? [otherNumerics(path, header)] : []),
        ...(torn === null ? [] : [tornNotice(path, torn)]),
      ]
      const detail =
        until === null
          ? []
          : [
              ...fields(`Info after step ${until}:`, after.info),
              ...fields('Open questions:', after.open),
              ...fields('State:', after.state),
            ]
      return {
        out: json ? asJson(replayed) : [statement(replayed, { until }), ...detail].join('\n'),
        notice: notices.length === 0 ? null : notices.join(' '),
        code: notices.length === 0 ? 0 : exitCodes.BadInput,
      }
    }),
  )
}

/** The command `replay`; it passes its result to `finish`. */
export const replayCommand = (finish: Finish): Command =>
  new Command('replay')
    .summary('check a recorded run')
    .description('Replays a recorded run and compares each step with the log.')
    .argument('<RUN>', 'a run folder, or its run.jsonl')
    .option('--until <step>', 'replay up to this step, and print the info and the state after it')
    .option('--json', 'print JSON', false)
    .addHelpText('after', help)
    .action(async (target: string, options: Options) => finish(await perform(target, options)))
