/** Runs of the rivals on landscapes. */
import * as E from 'fp-ts/lib/Either.js'
import { expect } from 'vitest'
import type { Command } from '../../../src/core/index.js'
import { decode, type Info, type Method, type Observation } from '../../../src/core/index.js'
import { Simulate } from '../../../src/core/laws/index.js'
import { type Landscape, landscapeWorld } from '../../support/landscape.js'

type Options = Readonly<Record<string, unknown>>

/** The summary of a run. */
export interface Ran {
  readonly outcome: NonNullable<Info['outcome']>
  readonly infos: ReadonlyArray<Info>
  readonly commands: ReadonlyArray<ReadonlyArray<Command.Command>>
  readonly solves: ReadonlyArray<Command.SolveLowerLevel>
  readonly observations: ReadonlyArray<Observation.Observation>
  /** Effort of the search, finishing excluded. */
  readonly effort: number
}

export const configOf =
  <C, S>(method: Method<C, S>) =>
  (options: Options): C => {
    const config = decode(method.config)(options)
    if (E.isLeft(config)) throw new Error(config.left)
    return config.right
  }

/** A whole run; fails the test if it does not halt. */
export const run =
  <C, S>(method: Method<C, S>, options: Options) =>
  (landscape: Landscape, pick?: (open: number, step: number) => number): Ran => {
    const { transitions, answered, ending } = Simulate.drive(method, {
      maxSteps: 5000,
      ...(pick === undefined ? {} : { pick: (open, step) => pick(open.length, step) }),
    })(configOf(method)(options), landscapeWorld(landscape))
    if (ending._tag === 'Refused') throw new Error(ending.error.message)
    expect(ending).toEqual({ _tag: 'Halted' })
    const infos = transitions.map(({ info }) => info)
    const outcome = infos[infos.length - 1]?.outcome
    if (outcome === null || outcome === undefined) throw new Error('no outcome')
    const commands = transitions.map(transition => transition.commands)
    return {
      outcome,
      infos,
      commands,
      solves: commands.flat().filter(command => command._tag === 'SolveLowerLevel'),
      observations: answered.map(({ observation }) => observation),
      effort: outcome.rows[0]?.effort ?? 0,
    }
  }

/** The λ that a run returns. */
export const returned = ({ outcome }: Ran): ReadonlyArray<number> => outcome.rows[0]?.lambda ?? []
