/** A whole run on tfjs-node, wherever `npm run setup:native` has set it up. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith, tfjsNode } from '../support/requires.js'
import { bilevel, readJson, scratch, smallConfig, writeConfig } from './support.js'

const folder = scratch()
const check = await bilevel(['setup-native', '--check'])

it('`setup-native --check` says whether tfjs-node is here', () => expect([0, 2]).toContain(check.code))

describeWith(tfjsNode(check.code === 0 ? null : check.err.trim()), 'on tfjs-node', () => {
  it('setting it up again does nothing', async () => {
    const { code, out, err } = await bilevel(['setup-native'])
    expect({ code, out }, err).toMatchObject({ code: 0 })
    expect(out).toMatch(/^Nothing to do\. tfjs-node \S+ works/)
    expect(err).not.toContain('…')
  })

  it('doctor names it, and auto takes it', async () => {
    const { out } = await bilevel(['doctor'])
    expect(out).toMatch(/works +node +.*tfjs-node \d/)
    expect(out).toContain('--backend auto uses node')
  })

  it('tune, replay, and resume of what has ended', async () => {
    const run = join(folder, 'run')
    const config = writeConfig(join(folder, 'config.json'), smallConfig)
    const { code, out, err } = await bilevel(['tune', config, '--backend', 'node', '--out', run])
    expect(code, err).toBe(0)
    expect(err).toMatch(/Backend node \(.*tfjs-node \d/)
    expect(out).toContain('bilevel weights')
    expect(out).not.toMatch(/NaN|undefined/)
    expect(readJson(join(run, 'summary.json'))).toMatchObject({ stopReason: 'budgetSpent' })
    const replayed = await bilevel(['replay', run])
    expect(replayed, replayed.err).toMatchObject({ code: 0 })
    expect(replayed.out).toMatch(/replay as logged .*backend node/)
    expect(await bilevel(['resume', run])).toMatchObject({ code: 0 })
  })

  it('LeNet trains', async () => {
    const run = join(folder, 'lenet')
    const config = writeConfig(join(folder, 'lenet.json'), {
      ...smallConfig,
      network: { kind: 'lenet' },
      solver: { epochs: 2 },
      method: {
        ...smallConfig.method,
        solve: { coldEpochs: 3, warmEpochs: 2 },
        budget: { lowerLevelSolves: 4, outerIterations: 1 },
      },
    })
    expect(await bilevel(['tune', config, '--backend', 'node', '--out', run])).toMatchObject({ code: 0 })
    expect(await bilevel(['replay', run])).toMatchObject({ code: 0 })
  })
})
