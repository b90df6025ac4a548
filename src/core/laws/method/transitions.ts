/** Laws about the commands and infos of a method's transitions, and about its result. */
import * as E from 'fp-ts/lib/Either.js'
import { effortOf } from '../../protocol/Batch.js'
import { decode } from '../../codec/Codec.js'
import { Command, initialWeights, isQuestion, type WeightsRef } from '../../protocol/Command.js'
import { Info } from '../../protocol/Info.js'
import { contains } from '../../protocol/SearchSpace.js'
import { each, every, type Law, silent, tested, type Tested, unless } from '../Law.js'
import type { MethodEvidence } from './evidence.js'

type MethodLaw = Law<MethodEvidence>

export const lambdaInSpace: MethodLaw = {
  name: 'lambda in the space',
  meaning:
    'Every λ in a question, an info or the outcome has a finite component for each hyperparameter, within its bounds.',
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
  meaning: 'The method asks for no more lower-level solves than the configuration allows.',
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
    'The reported effort is the sum of the efforts of all answers so far, including those of failures.',
  source: 'methods are compared by effort; core/protocol/Info.ts',
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
    'Every info decodes (all its numbers are finite), its progress is between 0 and 1, and its counts never decrease.',
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
          `lowerLevelSolves decreases from ${before!.lowerLevelSolves} to ${info.lowerLevelSolves} at step ${i}`,
      )
    })
  },
}

export const wellFormedCommands: MethodLaw = {
  name: 'well-formed commands',
  meaning: 'Every command decodes, and every question has an id that no earlier question had.',
  source: 'core/protocol/Command.ts: an answer names the id of its question',
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
    'Questions and outcomes name weights that an answer created and that were not released; the initial weights are never released.',
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
    'If the answers are exact and the solution is known, one of the returned λ is as close to it as promised.',
  source: 'arXiv 2208.12118: the method converges to the optimal hyperparameters',
  check: ({ live, optimum }) => {
    const { ending, transitions } = live()
    if (optimum === null || ending._tag !== 'Halted') return silent
    const rows = transitions[transitions.length - 1]!.info.outcome?.rows ?? []
    if (rows.length === 0) return E.left('the outcome has no rows')
    const off = rows.map(({ lambda }) =>
      optimum.lambda.reduce((most, value, k) => Math.max(most, Math.abs(lambda[k]! - value)), 0),
    )
    return unless(
      Math.min(...off) <= optimum.within,
      () =>
        `${rows.map(({ name, lambda }, i) => `"${name}", λ = [${lambda.join(', ')}], is ${off[i]!} away`).join('; ')} ` +
        `from the optimum [${optimum.lambda.join(', ')}]; ${optimum.within} was promised`,
    )
  },
}
