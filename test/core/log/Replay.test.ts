import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/core/protocol/Command.js'
import type { Observation } from '../../../src/core/protocol/Observation.js'
import { follow, recorded, replay, start, type Cursor } from '../../../src/core/log/Replay.js'
import { encodeHeader, encodeRecord, type LogLine } from '../../../src/core/log/RunLog.js'
import { closedForm } from '../../support/closedForm.js'
import { configOf, headerOf, right } from '../../support/recordedRun.js'
import { sampleAndDescend, type SampleAndDescendState } from '../../support/sampleAndDescend.js'

const line = (number: number, body: string, digest = { expected: 'd', found: 'd' }): LogLine => ({
  line: number,
  body,
  value: JSON.parse(body) as Record<string, unknown>,
  digest,
})

const header = line(1, encodeHeader(headerOf(sampleAndDescend.name, configOf())))

/** A whole run, in memory: its observations, and the bodies of its records. */
const recording = async () => {
  const interpreter = closedForm()
  let cursor = recorded(right(start(sampleAndDescend)(configOf())))
  const observations: Array<Observation> = []
  const bodies = [encodeRecord(0, null, cursor.transition)]
  const cursors: Array<Cursor<SampleAndDescendState>> = [cursor]
  while (cursor.transition.info.outcome === null) {
    const question = cursor.todo.find(command => command._tag !== 'ReleaseWeights')!
    const observation = right(await interpreter.answer(question)())
    cursor = right(follow(sampleAndDescend)(observation)(cursor))
    observations.push(observation)
    bodies.push(encodeRecord(cursor.records - 1, observation, cursor.transition))
    cursors.push(cursor)
  }
  return { observations, bodies, cursors }
}

const linesOf = (bodies: ReadonlyArray<string>): ReadonlyArray<E.Either<never, LogLine>> =>
  bodies.map((body, i) => E.right(line(i + 2, body)))

const replayed = replay(sampleAndDescend)(header)

describe('a replay', () => {
  it('ends where the run ended', async () => {
    const { bodies, cursors } = await recording()
    expect(replayed(linesOf(bodies))).toEqual(E.right(cursors.at(-1)))
  })

  it('of any prefix ends where the run was at that time', async () => {
    const { bodies, cursors } = await recording()
    cursors.forEach((cursor, i) => {
      expect(replayed(linesOf(bodies.slice(0, i + 1)))).toEqual(E.right(cursor))
    })
  })

  it('has new commands carried out after those that were issued before them', () => {
    const asked = (id: number): Command => ({
      _tag: 'EvaluateLosses',
      id,
      lambda: [0, 0.5],
      weights: 'initial',
    })
    // Each answer leads to one more question, though another one is waiting.
    const eager: typeof sampleAndDescend = {
      ...sampleAndDescend,
      init: config =>
        pipe(
          sampleAndDescend.init(config),
          E.map(transition => ({ ...transition, commands: [asked(0), asked(1)] })),
        ),
      step:
        ({ id }) =>
        state =>
          pipe(
            sampleAndDescend.init(configOf()),
            E.map(transition => ({ ...transition, state, commands: [asked(id + 2)] })),
          ),
    }
    const failed = (id: number): Observation => ({ _tag: 'CommandFailed', id, reason: 'None.', effort: 0 })
    const first = recorded(right(start(eager)(configOf())))
    const second = right(follow(eager)(failed(0))(first))
    const third = right(follow(eager)(failed(1))(second))
    expect([first, second, third].map(({ todo }) => todo)).toEqual([
      [asked(0), asked(1)],
      [asked(1), asked(2)],
      [asked(2), asked(3)],
    ])
  })

  it('names the first field of commands and info that the method decides otherwise', async () => {
    const { bodies } = await recording()
    const changed = bodies.map((body, i) =>
      i === 4 ? body.replace('"progress":0.2', '"progress":0.3') : body,
    )
    expect(changed).not.toEqual(bodies)
    expect(replayed(linesOf(changed))).toEqual(
      E.left({ _tag: 'Divergence', line: 6, field: 'info.progress', expected: '0.2', found: '0.3' }),
    )
  })

  it('names an observation that answers no open command, or of the wrong kind', async () => {
    const { bodies } = await recording()
    const unknown = bodies.map((body, i) => (i === 1 ? body.replace('"id":0', '"id":9') : body))
    expect(replayed(linesOf(unknown))).toMatchObject(
      E.left({
        line: 3,
        field: 'observation.id',
        expected: 'the id of an open command (0, 1, 2, 3)',
        found: '9',
      }),
    )
    const kind = bodies.map((body, i) =>
      i === 1
        ? body.replace('"converged":true', '"other":true').replace('LowerLevelSolved', 'WeightsDescended')
        : body,
    )
    expect(replayed(linesOf(kind))).toMatchObject(E.left({ line: 3, field: 'observation._tag' }))
  })

  it('names an invalid field of an observation', async () => {
    const { bodies } = await recording()
    const changed = bodies.map((body, i) => (i === 1 ? body.replace(/"effort":\d+/, '"effort":-5') : body))
    expect(replayed(linesOf(changed))).toMatchObject(
      E.left({ line: 3, field: 'observation.effort', expected: 'a finite number ≥ 0', found: '-5' }),
    )
  })

  it('refuses records that are missing, repeated, or after the end of the run', async () => {
    const { bodies } = await recording()
    expect(replayed(linesOf(bodies.filter((_, i) => i !== 3)))).toMatchObject(
      E.left({ line: 5, field: 'step', expected: '3', found: '4' }),
    )
    expect(replayed(linesOf([...bodies.slice(0, 3), ...bodies.slice(2)]))).toMatchObject(
      E.left({ line: 5, field: 'step', expected: '3', found: '2' }),
    )
    const extra = bodies.at(-1)!.replace(/"step":\d+/, `"step":${bodies.length}`)
    expect(replayed(linesOf([...bodies, extra]))).toMatchObject(
      E.left({ line: bodies.length + 2, field: 'step' }),
    )
  })

  it('reports a wrong digest only if the content of its line and of those before is right', async () => {
    const { bodies } = await recording()
    const wrong = { expected: 'a', found: 'b' }
    const lines = linesOf(bodies)
    const onLine = (number: number, body: string): ReadonlyArray<E.Either<never, LogLine>> =>
      lines.map((other, i) => (i + 2 === number ? E.right(line(number, body, wrong)) : other))
    expect(replayed(onLine(6, bodies[4]!))).toEqual(
      E.left({ _tag: 'Divergence', line: 6, field: 'digest', ...wrong }),
    )
    expect(replayed(onLine(6, bodies[4]!.replace('"progress":0.2', '"progress":0.3')))).toMatchObject(
      E.left({ line: 6, field: 'info.progress' }),
    )
    expect(replay(sampleAndDescend)({ ...header, digest: wrong })(lines)).toMatchObject(
      E.left({ line: 1, field: 'digest' }),
    )
  })

  it('refuses a configuration that the method does not accept', () => {
    const body = encodeHeader(headerOf(sampleAndDescend.name, { ...configOf(), solves: 0 }))
    const found = replay(sampleAndDescend)(line(1, body))([])
    expect(found).toMatchObject(E.left({ line: 1, field: 'config' }))
  })

  it('passes on the error of an unreadable line, if all lines before it are right', async () => {
    const { bodies } = await recording()
    const torn = E.left('torn' as const)
    expect(replayed([...linesOf(bodies.slice(0, 5)), torn])).toEqual(torn)
    const changed = bodies.slice(0, 5).map(body => body.replace('"progress":0.2', '"progress":0.3'))
    expect(replayed([...linesOf(changed), torn])).toMatchObject(E.left({ field: 'info.progress' }))
  })
})

describe('a cursor', () => {
  it('knows the open commands: all issued ones except those answered, and releases carried out since', async () => {
    const { cursors, observations } = await recording()
    const issued: Array<Command> = []
    cursors.forEach((cursor, i) => {
      issued.push(...cursor.transition.commands)
      const answered = observations.slice(0, i).map(({ id }) => id)
      const open = issued.filter(
        command => command._tag !== 'ReleaseWeights' && !answered.includes(command.id),
      )
      expect(cursor.todo.filter(command => command._tag !== 'ReleaseWeights')).toEqual(open)
    })
    expect(cursors.some(({ todo }) => todo[0]?._tag === 'ReleaseWeights')).toBe(true)
  })

  it('survives a JSON round trip of its state, with the same next step', async () => {
    const { cursors, observations } = await recording()
    observations.forEach((observation, i) => {
      const state = cursors[i]!.transition.state
      const back = right(sampleAndDescend.state.decode(JSON.parse(JSON.stringify(state))))
      expect(back).toEqual(state)
      expect(sampleAndDescend.step(observation)(back)).toEqual(
        pipe(
          follow(sampleAndDescend)(observation)(cursors[i]!),
          E.map(({ transition }) => transition),
        ),
      )
    })
  })
})

describe('a decision with a number that is not finite', () => {
  const asksAt = (lambda: ReadonlyArray<number>) => ({
    ...sampleAndDescend,
    init: (config: Parameters<typeof sampleAndDescend.init>[0]) =>
      pipe(
        sampleAndDescend.init(config),
        E.map(transition => ({
          ...transition,
          commands: transition.commands.map(command =>
            command._tag === 'ReleaseWeights' ? command : { ...command, lambda },
          ),
        })),
      ),
  })

  it('is not recorded', () => {
    const begun = start(asksAt([NaN, 0]))(configOf())
    expect(E.isLeft(begun) ? begun.left.message : '').toContain(
      'cannot be recorded: `commands[0].lambda[0]` must be a finite number, but is NaN',
    )
  })

  it('does not replay either', () => {
    const method = asksAt([Infinity, 0])
    const begun = right(method.init(configOf()))
    const found = replay(method)(header)(linesOf([encodeRecord(0, null, begun)]))
    expect(E.isLeft(found) ? found.left.field : '').toBe('config')
  })
})
