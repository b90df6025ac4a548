/** Every configuration in docs/hyperparameters.md is decoded, and trains; on small images that need no download. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkedHyperparameters } from '../../docs/examples/ownTerms.js'
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import { presets } from '../../src/shell/config/presets.js'
import { decodeRunConfig, methodConfig } from '../../src/shell/config/RunConfig.js'
import { withLabelNoise } from '../../src/shell/data/set/labelNoise.js'
import { hyperparametersOf } from '../../src/shell/model/Hyperparameters.js'
import { networkOf } from '../../src/shell/model/NetworkConfig.js'
import { SolverConfig } from '../../src/shell/train/SolverConfig.js'
import { networkInterpreter } from '../../src/shell/work/networkInterpreter.js'
import { blobs, right, run } from '../shell/train/fixtures.js'

const text = readFileSync(new URL('../../docs/hyperparameters.md', import.meta.url), 'utf8')
const configs = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, block]): unknown =>
  JSON.parse(block ?? ''),
)
const decoded = (input: unknown) => right(decodeRunConfig('the document')(input))
const backend = await run(choose('wasm'))

describe('docs/hyperparameters.md', () => {
  it('has a configuration of every family', () => {
    const shown = JSON.stringify(configs)
    for (const family of ['l2', 'l1', 'elasticNet', 'exampleWeights', 'classWeights', 'labelSmoothing'])
      expect(shown).toContain(`"family":"${family}"`)
    expect(configs).toHaveLength(5)
  })

  it('shows the presets that it says it shows', () => {
    const [, groups, cleaning] = configs.map(decoded)
    expect(groups).toEqual(decoded(presets['groups-mnist-16']!.config))
    expect(cleaning).toEqual(decoded(presets['cleaning-mnist']!.config))
  })

  it('shows the example of terms of one’s own that is run here: they pass their check, and train', async () => {
    const example = readFileSync(new URL('../../docs/examples/ownTerms.ts', import.meta.url), 'utf8')
    expect(text).toContain(
      `\`\`\`ts\n${example.replace("'../../src/shell/index.js'", "'bilevel-hpo/shell'")}\`\`\``,
    )
    const shape = [6, 6, 1] as const
    const network = right(networkOf({ kind: 'mlp', hidden: [4] }, shape, 3))
    const train = blobs(30, shape, 3, 2)
    const hyperparameters = await run(checkedHyperparameters(network, train))
    expect(hyperparameters.space.map(({ name }) => name)).toEqual(['orthogonality', 'confidence', 'l2'])
    expect(hyperparameters.linearInCoefficients).toBe(true)
    const solver = right(SolverConfig.decode({ batchSize: 8, epochs: 20, learningRate: 0.02 }))
    const splits = { train, validation: blobs(20, shape, 3, 3), test: null }
    const interpreter = right(
      networkInterpreter(backend, { splits, network, hyperparameters, solver, seed: 1 }),
    )
    /** How far the units' weights are from orthonormal at a coefficient of the first term. */
    const excess = async (id: number, orthogonality: number): Promise<number> => {
      const lambda = [orthogonality, -3, 0]
      const question = { id, lambda, from: 'initial', tolerance: 1e-3, maxEpochs: 60 }
      const solved = await run(interpreter.answer({ _tag: 'SolveLowerLevel', ...question }))
      if (solved._tag !== 'LowerLevelSolved') return expect.fail(solved._tag)
      return solved.lowerGradient[0]! / Math.exp(orthogonality)
    }
    expect(await excess(1, 3)).toBeLessThan(0.2 * (await excess(0, -6)))
  })

  it.each(configs)('the configuration %# trains, and its f is lower than at the start', async input => {
    const config = decoded(input)
    const shape = [28, 28, 1] as const
    const train = blobs(60, shape, 10, 2)
    const splits = {
      train: withLabelNoise(config.data.labelNoise ?? 0, config.seed)(train),
      validation: blobs(40, shape, 10, 3),
      test: blobs(20, shape, 10, 4),
    }
    const network = right(networkOf(config.network, shape, 10))
    const hyperparameters = right(hyperparametersOf(network, config.hyperparameters, 60))
    const { space } = hyperparameters
    expect(right(methodConfig(bilevel)('the document', config, space)).linearInCoefficients).toBe(true)
    const { solver, seed } = config
    const { answer } = right(networkInterpreter(backend, { splits, network, hyperparameters, solver, seed }))
    const lambda = space.map(({ lower, upper }) => (lower + upper) / 2)
    const descent = {
      _tag: 'DescendWeights',
      lambda,
      from: 'initial',
      upperCoefficient: 0,
      lowerCoefficient: 1,
      batchSize: 16,
      stepScale: 1,
      stream: 0,
    } as const
    const start = await run(answer({ ...descent, id: 0, steps: 0 }))
    const solved = await run(
      answer({ _tag: 'SolveLowerLevel', id: 1, lambda, from: 'initial', tolerance: 1e-3, maxEpochs: 60 }),
    )
    if (start._tag !== 'WeightsDescended' || solved._tag !== 'LowerLevelSolved')
      throw new Error(`expected answers, found ${start._tag} and ${solved._tag}`)
    expect(solved.lower).toBeLessThan(start.lower)
    expect(solved.lowerGradient).toHaveLength(space.length)
  })
})
