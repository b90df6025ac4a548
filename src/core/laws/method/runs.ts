/** Laws of whole runs of a method: runs end, and are the same under other conditions. */
import * as E from 'fp-ts/lib/Either.js'
import { isQuestion } from '../../protocol/Command.js'
import { each, every, type Law, silent, tested, type Tested, unless } from '../Law.js'
import type { Run } from '../simulate/drive.js'
import { endingText, quiet, sameJson, sameRun } from './agreement.js'
import type { MethodEvidence } from './evidence.js'

type MethodLaw = Law<MethodEvidence>

const contract = 'the contract of Method (core/protocol/Method.ts)'

const started = (
  run: Run<unknown>,
  check: (run: Run<unknown>) => E.Either<string, Tested>,
): E.Either<string, Tested> => (run.transitions.length === 0 ? silent : check(run))

export const starts: MethodLaw = {
  name: 'starts',
  meaning: 'init accepts a configuration that the codec decodes and that suits the problem.',
  source: contract,
  check: ({ live }) => unless(live().transitions.length > 0, () => `init: ${endingText(live().ending)}`),
}

export const total: MethodLaw = {
  name: 'never throws',
  meaning: 'Faults are Lefts and outcomes are states; no answer makes the method throw.',
  source: contract,
  check: ({ live }) => {
    const { ending, answered } = live()
    return unless(ending._tag !== 'Threw', () => `${endingText(ending)}, after ${answered.length} answers`)
  },
}

export const halts: MethodLaw = {
  name: 'halts',
  meaning:
    'Even if commands fail, the method ends with an outcome after a limited number of steps, and then asks nothing more.',
  source: contract,
  check: ({ live }) =>
    started(live(), ({ ending, answered, transitions }) => {
      if (ending._tag !== 'Halted') return E.left(`after ${answered.length} answers, ${endingText(ending)}`)
      const left = transitions[transitions.length - 1]!.commands.filter(isQuestion)
      return unless(
        left.length === 0,
        () => `it halted and asked ${left.length} questions with the same transition`,
      )
    }),
}

export const deterministic: MethodLaw = {
  name: 'deterministic',
  meaning:
    'Equal configurations and observations give equal transitions, byte for byte: no clock, no randomness except from the seed.',
  source: `${contract}; redux, no side effects in a reducer`,
  check: ({ live, again }) => sameRun(live(), again()),
}

export const inputUntouched: MethodLaw = {
  name: 'input untouched',
  meaning:
    'The configuration, states and observations passed to the method are never changed, whether they are frozen or not.',
  source: contract,
  check: ({ live, inputs, frozen }) =>
    every([
      each(inputs(), ({ what, before, after }) =>
        before === after
          ? tested
          : sameJson(`${what}, as an argument: `, JSON.parse(before), JSON.parse(after)),
      ),
      sameRun(live(), frozen()),
    ]),
}

export const survivesJson: MethodLaw = {
  name: 'survives JSON',
  meaning:
    'A state that is written as JSON and read by its codec is the same state, and leads to the same run.',
  source: contract,
  check: ({ live, revived, decoded }) =>
    every([
      each(live().transitions, ({ state }, i) => {
        const text = JSON.stringify(state)
        const read = decoded(text)
        return E.isLeft(read)
          ? E.left(`the state after step ${i} does not decode: ${read.left}`)
          : sameJson(`the state after step ${i}: `, JSON.parse(text), read.right)
      }),
      sameRun(live(), revived()),
    ]),
}

export const replayIsLive: MethodLaw = {
  name: 'replay is live',
  meaning:
    'The log of a run, replayed, gives the same commands and infos at every line and the same state at the end.',
  source: 'core/log/Replay.ts: a run is resumed by replaying its log',
  check: ({ live, replayed }) =>
    started(live(), ({ transitions }) => {
      const state = replayed()
      return E.isLeft(state)
        ? state
        : sameJson('the last state: ', transitions[transitions.length - 1]!.state, state.right)
    }),
}

export const anyOrder: MethodLaw = {
  name: 'any order of answers',
  meaning:
    'Questions that are open together may be answered in any order: once all are answered, state and commands are the same.',
  source: `${contract}; core/protocol/Batch.ts`,
  check: ({ live, shuffled }) => {
    const orders = [live(), shuffled()].map(({ answered }) =>
      answered.map(({ question }) => question.id).join(),
    )
    if (orders[0] === orders[1]) return silent
    const [serial, other] = [quiet(live()), quiet(shuffled())]
    return every([
      each(serial.slice(0, other.length), ({ state, commands, info }, i) =>
        sameJson(
          `batch ${i}: `,
          { state, commands, outcome: info.outcome },
          {
            state: other[i]!.state,
            commands: other[i]!.commands,
            outcome: other[i]!.info.outcome,
          },
        ),
      ),
      unless(
        serial.length === other.length && live().ending._tag === shuffled().ending._tag,
        () =>
          `in the order of the questions ${endingText(live().ending)} after ${serial.length} batches; in another ` +
          `order ${endingText(shuffled().ending)} after ${other.length}`,
      ),
    ])
  },
}
