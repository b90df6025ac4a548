import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { equalityForm } from '../../../docs/examples/variants/equalityForm.js'
import { quadraticPenalty } from '../../../docs/examples/variants/quadraticPenalty.js'
import { valueOnly } from '../../../docs/examples/variants/valueOnly.js'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import { Observation } from '../../../src/core/protocol/Observation.js'
import { follow, recorded } from '../../../src/core/log/Replay.js'
import { start } from '../../../src/shell/record/driver.js'
import { methods, registry, some } from '../../../src/shell/record/Methods.js'
import { replayRun } from '../../../src/shell/record/replayRun.js'
import { closedForm } from '../../support/closedForm.js'
import { left, recordMethod, right, withFolder } from '../../support/recordedRun.js'

const config = right(
  bilevel.config.decode({
    space: [{ name: 'x', lower: -2, upper: 2, scale: 'linear' }],
    seed: 5,
    linearInCoefficients: false,
    budget: { lowerLevelSolves: 9, outerIterations: 4 },
  }),
)

const observationsIn = (folder: string): ReadonlyArray<Observation> =>
  readFileSync(join(folder, 'run.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(2)
    .map(line => right(Observation.decode((JSON.parse(line) as { observation: unknown }).observation)))

describe('a recorded run of the bilevel method', () => {
  it('replays as logged', () =>
    withFolder(async folder => {
      right(await recordMethod(bilevel)(folder, config, closedForm()))
      expect(right(replayRun(methods)(folder)).halted).toBe(true)
    }))

  it('has a state that survives a JSON round trip at every step, with the same next step', () =>
    withFolder(async folder => {
      right(await recordMethod(bilevel)(folder, config, closedForm()))
      let cursor = recorded(right(start(bilevel)(config)))
      for (const observation of observationsIn(folder)) {
        const { state } = cursor.transition
        const back = right(bilevel.state.decode(JSON.parse(JSON.stringify(state))))
        expect(JSON.stringify(back)).toBe(JSON.stringify(state))
        const next = right(follow(bilevel)(observation)(cursor))
        expect(JSON.stringify(right(bilevel.step(observation)(back)))).toBe(JSON.stringify(next.transition))
        cursor = next
      }
      expect(cursor.transition.info.outcome).not.toBeNull()
    }))
})

describe('a recorded run of a variant', () => {
  const known = registry(some(bilevel), some(equalityForm), some(quadraticPenalty), some(valueOnly))

  it.each([equalityForm, quadraticPenalty, valueOnly])('of $name names its variant, and replays', variant =>
    withFolder(async folder => {
      right(await recordMethod(variant)(folder, config, closedForm()))
      const [header = ''] = readFileSync(join(folder, 'run.jsonl'), 'utf8').split('\n')
      expect((JSON.parse(header) as { method: unknown }).method).toBe(variant.name)
      expect(right(replayRun(known)(folder)).halted).toBe(true)
    }),
  )

  it('is refused if the variant is unknown; the message lists the known names', () =>
    withFolder(async folder => {
      right(await recordMethod(equalityForm)(folder, config, closedForm()))
      expect(JSON.stringify(left(replayRun(methods)(folder)))).toContain('equality-form')
    }))

  it('does not pass for a run of the method itself', () =>
    withFolder(async folder => {
      const { name } = bilevel
      right(await recordMethod({ ...equalityForm, name })(folder, config, closedForm()))
      expect(E.isLeft(replayRun(methods)(folder))).toBe(true)
    }))
})
