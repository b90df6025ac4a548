/**
 * The laws of any method: the contract of `Method`, as predicates over its runs in simulated worlds.
 */
import * as E from 'fp-ts/lib/Either.js'
import { effortOf } from '../../protocol/Batch.js'
import { Command, initialWeights, isQuestion, type WeightsRef } from '../../protocol/Command.js'
import { Info } from '../../protocol/Info.js'
import { contains } from '../../protocol/SearchSpace.js'
import { decode } from '../../protocol/Codec.js'
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
  meaning: 'A configuration that the codec decodes and that suits the problem is accepted.',
  source: contract,
  check: ({ live }) => unless(live().transitions.length > 0, () => `init: ${endingText(live().ending)}`),
}

export const total: MethodLaw = {
  name: 'never throws',
  meaning: 'Faults are Lefts and outcomes are states; nothing is thrown, whatever the answers are.',
  source: contract,
  check: ({ live }) => {
    const { ending, answered } = live()
    return unless(ending._tag !== 'Threw', () => `${endingText(ending)}, after ${answered.length} answers`)
  },
}

export const halts: MethodLaw = {
  name: 'halts',
  meaning:
    'Whatever fails, the method ends with an outcome after a limited number of steps, and asks nothing then.',
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
    'Equal configurations and observations give equal transitions, byte for byte: no clock, no randomness but the seed’s.',
  source: `${contract}; redux, no side effects in a reducer`,
  check: ({ live, again }) => sameRun(live(), again()),
}

export const inputUntouched: MethodLaw = {
  name: 'input untouched',
  meaning:
    'Configuration, states and observations that are passed in are never changed, be they frozen or not.',
  source: contract,
  check: ({ live, inputs, frozen }) =>
    every([
      each(inputs(), ({ what, before, after }) =>
        before === after
          ? tested
          : sameJson(`${what} that was passed in: `, JSON.parse(before), JSON.parse(after)),
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
          ? E.left(`the state after step ${i} is not one for its codec: ${read.left}`)
          : sameJson(`the state after step ${i}: `, JSON.parse(text), read.right)
      }),
      sameRun(live(), revived()),
    ]),
}

export const replayIsLive: MethodLaw = {
  name: 'replay is live',
  meaning:
    'The log of a run, replayed, gives the same commands and infos at every line and the same state at the end.',
  source: 'core/protocol/Replay.ts: going on with a run is replaying its log',
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

export const lambdaInSpace: MethodLaw = {
  name: 'lambda in the space',
  meaning:
    'Every λ that is asked about, reported or returned has a finite component for each hyperparameter, within its bounds.',
  source: 'the problem: bounds of λ are constraints; core/protocol/SearchSpace.ts',
  check: ({ live, space }) =>
    each(live().transitions, ({ commands, info }, i) =>
      each(
        [
          ...commands.filter(isQuestion).map(({ _tag, lambda }) => ({ what: _tag, lambda })),
          ...(info.lambda === null ? [] : [{ what: 'info', lambda: info.lambda }]),
          ...(info.outcome?.rows ?? []).map(({ name, lambda }) => ({ what: `the row "${name}"`, lambda })),
        ],
        ({ what, lambda }) =>
          unless(
            contains(space)(lambda),
            () =>
              `step ${i}, ${what}: λ = [${lambda.join(', ')}] is not within ` +
              space.map(({ lower, upper }) => `[${lower}, ${upper}]`).join(' × '),
          ),
      ),
    ),
}

export const withinBudget: MethodLaw = {
  name: 'within the budget',
  meaning: 'No more lower-level solves are asked for than the configuration allows.',
  source: 'the paper’s unit of cost is the lower-level optimization (arXiv 2208.12118, experiments)',
  check: ({ live, solves }) => {
    if (solves === null) return silent
    const asked = live()
      .transitions.flatMap(({ commands }) => commands)
      .filter(({ _tag }) => _tag === 'SolveLowerLevel').length
    return unless(
      asked <= solves,
      () => `${asked} lower-level solves were asked for; the budget is ${solves}`,
    )
  },
}

export const effortAccounted: MethodLaw = {
  name: 'effort accounted for',
  meaning:
    'The effort that is reported is the sum of the efforts of all answers so far, those of failures included.',
  source: 'effort is the cost by which methods are compared; core/protocol/Info.ts',
  check: ({ live }) => {
    const { transitions, answered } = live()
    let spent = 0
    return each(transitions, ({ info }, i) => {
      if (i > 0) spent += effortOf([answered[i - 1]!.observation])
      return unless(
        Math.abs(info.effort - spent) <= 1e-9 * spent,
        () => `after ${i} answers the reported effort is ${info.effort}; the answers’ own add up to ${spent}`,
      )
    })
  },
}

export const infoFinite: MethodLaw = {
  name: 'info is finite',
  meaning:
    'Every info is one for its codec (all numbers finite), its progress is between 0 and 1, and its counts never fall.',
  source: 'core/protocol/Info.ts: JSON writes NaN and infinities as null',
  check: ({ live }) => {
    const { transitions } = live()
    return each(transitions, ({ info }, i) => {
      const decoded = decode(Info)(info)
      if (E.isLeft(decoded)) return E.left(`the info of step ${i}: ${decoded.left}`)
      if (!(info.progress <= 1)) return E.left(`the info of step ${i} has a progress of ${info.progress}`)
      const before = transitions[i - 1]?.info
      return unless(
        before === undefined || info.lowerLevelSolves >= before.lowerLevelSolves,
        () =>
          `lowerLevelSolves falls from ${before!.lowerLevelSolves} to ${info.lowerLevelSolves} at step ${i}`,
      )
    })
  },
}

export const wellFormedCommands: MethodLaw = {
  name: 'well-formed commands',
  meaning: 'Every command is one for its codec, and every question has an id that no question had before.',
  source: 'core/protocol/Command.ts: an answer is known by the id of its question',
  check: ({ live }) => {
    const seen = new Set<number>()
    return each(live().transitions, ({ commands }, i) =>
      each(commands, command => {
        const decoded = decode(Command)(command)
        if (E.isLeft(decoded)) return E.left(`a command of step ${i}: ${decoded.left}`)
        if (!isQuestion(command)) return tested
        if (seen.has(command.id)) return E.left(`step ${i} asks with the id ${command.id} a second time`)
        seen.add(command.id)
        return tested
      }),
    )
  },
}

export const weightsExist: MethodLaw = {
  name: 'weights exist',
  meaning:
    'Questions and outcomes name weights that an answer created and that were not released; the initial ones are never released.',
  source: 'core/protocol/Command.ts: released weights are not needed again',
  check: ({ live }) => {
    const { transitions, answered } = live()
    const kept = new Set<WeightsRef>([initialWeights])
    const known = (where: string, refs: ReadonlyArray<WeightsRef>): E.Either<string, Tested> =>
      each(refs, ref =>
        unless(
          kept.has(ref),
          () => `${where} names ${ref}, which is not kept (kept: ${[...kept].join(', ')})`,
        ),
      )
    return each(transitions, ({ commands, info }, i) => {
      const observation = answered[i - 1]?.observation
      if (i > 0 && observation !== undefined && 'weights' in observation) kept.add(observation.weights)
      return every([
        each(commands, command => {
          switch (command._tag) {
            case 'ReleaseWeights': {
              const all = known(`the release of step ${i}`, command.weights)
              command.weights.forEach(ref => kept.delete(ref))
              return every([all, known(`after the release of step ${i}, every solve`, [initialWeights])])
            }
            case 'SolveLowerLevel':
            case 'DescendWeights':
              return known(`${command._tag} ${command.id}`, [command.from])
            case 'EvaluateLosses':
              return known(`${command._tag} ${command.id}`, [command.weights])
            case 'Refit':
              return silent
          }
        }),
        each(info.outcome?.rows ?? [], ({ name, weights: { trained, refit, bilevel } }) =>
          known(
            `the row "${name}"`,
            [trained, refit, bilevel].filter(ref => ref !== null),
          ),
        ),
      ])
    })
  },
}

export const findsOptimum: MethodLaw = {
  name: 'finds the known optimum',
  meaning:
    'Where the answers are exact and the solution is known, one of the λ that are returned is as close to it as was promised.',
  source: 'arXiv 2208.12118: the method converges to the optimal hyperparameters',
  check: ({ live, optimum }) => {
    const { ending, transitions } = live()
    if (optimum === null || ending._tag !== 'Halted') return silent
    const rows = transitions[transitions.length - 1]!.info.outcome?.rows ?? []
    if (rows.length === 0) return E.left('the outcome has no rows')
    const off = rows.map(({ lambda }) =>
      Math.max(...optimum.lambda.map((value, k) => Math.abs(lambda[k]! - value))),
    )
    return unless(
      Math.min(...off) <= optimum.within,
      () =>
        `${rows.map(({ name, lambda }, i) => `"${name}", λ = [${lambda.join(', ')}], is ${off[i]!} away`).join('; ')} ` +
        `from the optimum [${optimum.lambda.join(', ')}]; ${optimum.within} was promised`,
    )
  },
}
