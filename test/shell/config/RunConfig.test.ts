import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { fromFile, fromPreset } from '../../../src/shell/config/configSource.js'
import { presets } from '../../../src/shell/config/presets.js'
import { decodeRunConfig, methodConfig, RunConfig } from '../../../src/shell/config/RunConfig.js'
import { left, right, space, withFolder } from '../../support/recordedRun.js'
import { sampleAndDescend } from '../../support/sampleAndDescend.js'

const whole = {
  data: { source: 'mnist', train: 60, validation: 40 },
  network: { kind: 'mlp', hidden: [10] },
  hyperparameters: { family: 'l2', per: 'layer', lower: -4, upper: 4 },
  solver: { epochs: 5 },
  method: { name: 'random-search-for-tests', rounds: 2 },
  seed: 3,
}

const text = JSON.stringify(whole)

const problemOf = (content: string): Promise<string> =>
  withFolder(folder => {
    const path = join(folder, 'config.json')
    writeFileSync(path, content)
    const error = left(fromFile(path))
    expect(error._tag).toBe('BadInput')
    expect(error.message).toContain('config.json')
    expect(error.message).not.toContain('\n')
    return error.message
  })

describe('a configuration file', () => {
  it('is read with its name, and the folder for its relative paths', () =>
    withFolder(folder => {
      const path = join(folder, 'mine.json')
      writeFileSync(path, `\uFEFF${text}`)
      const { name, baseFolder, config } = right(fromFile(path))
      expect({ name, baseFolder }).toEqual({ name: 'mine', baseFolder: folder })
      expect(config).toMatchObject(whole)
    }))

  it('is refused without any one of its sections', async () => {
    for (const section of Object.keys(whole)) {
      const rest = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== section))
      expect(await problemOf(JSON.stringify(rest))).toContain(`\`${section}`)
    }
  })

  it.each([
    ['an unknown field', text.replace('"seed"', '"sead":1,"seed"'), '`sead` is not known'],
    ['an unknown field within a section', text.replace('"train"', '"trian":1,"train"'), '`data.trian`'],
    ['an unknown solver option', text.replace('"epochs"', '"epoch"'), 'solver.epoch'],
    ['an unknown network', text.replace('"mlp"', '"mpl"'), 'network.kind'],
    ['an unknown hyperparameter option', text.replace('"per"', '"pre":1,"per"'), 'hyperparameters.pre'],
    ['bounds in the wrong order', text.replace('"lower":-4', '"lower":5'), '`hyperparameters.lower` is 5'],
    ['equal bounds', text.replace('"lower":-4', '"lower":4'), 'not below'],
    ['NaN', text.replace('"lower":-4', '"lower":NaN'), 'is not JSON'],
    ['a number that is infinite', text.replace('"lower":-4', '"lower":-1e999'), 'but is -Infinity'],
    ['a string for a number', text.replace('"seed":3', '"seed":"3"'), '`seed` must be'],
    ['a negative seed', text.replace('"seed":3', '"seed":-3'), '`seed` must be'],
    ['a broken seed', text.replace('"seed":3', '"seed":3.5'), '`seed` must be'],
    ['a number with a leading zero', text.replace('"seed":3', '"seed":03'), 'is not JSON'],
    ['nothing', '', 'is not JSON'],
    ['a list', '[]', 'is not a JSON object'],
    ['deep nesting', text.replace('"seed":3', `"seed":${'['.repeat(1e5)}${']'.repeat(1e5)}`), 'nests more'],
  ])('is refused with %s', async (_, content, phrase) => {
    expect(await problemOf(content)).toContain(phrase)
  })

  it('is refused if it is missing, a folder, or too large', () =>
    withFolder(folder => {
      mkdirSync(join(folder, 'folder'))
      writeFileSync(join(folder, 'large'), ' '.repeat(5_000_000))
      for (const name of ['missing', 'folder', 'large'])
        expect(left(fromFile(join(folder, name)))).toMatchObject({ _tag: 'BadInput' })
    }))
})

describe('bounds as weight decay', () => {
  const decoded = (hyperparameters: unknown) => decodeRunConfig('mine')({ ...whole, hyperparameters })

  it('take the place of the bounds of λ, and survive a JSON round trip', () => {
    const config = right(decoded({ per: 'layer', weightDecay: [1e-6, 1] }))
    expect(config.hyperparameters).toEqual({ family: 'l2', per: 'layer', weightDecay: [1e-6, 1] })
    const encoded: unknown = JSON.parse(JSON.stringify(RunConfig.encode(config)))
    expect(right(decodeRunConfig('again')(encoded))).toEqual(config)
    // Without them nothing is as it was not before, not even the order of the fields.
    expect(JSON.stringify(right(decoded({ fixed: 3, lower: -2 })).hyperparameters)).toBe(
      '{"family":"l2","per":"model","lower":-2,"upper":4,"fixed":3}',
    )
  })

  it.each([
    [
      { weightDecay: [1e-6, 1], lower: -3 },
      '`hyperparameters.weightDecay` gives the bounds of λ as weight decay, but there is `lower`, too, which is about λ itself; ' +
        'leave one of them out.',
    ],
    [{ weightDecay: [1e-6, 1], upper: 3 }, 'but there is `upper`, too'],
    [{ weightDecay: [1e-6, 1], lower: -3, upper: 3 }, 'but there is `lower`, too'],
    [{ weightDecay: [1e-6, 1], fixed: 3 }, 'but there is `fixed`, too'],
    [
      [{ family: 'classWeights' }, { weightDecay: [1, 1e-6] }],
      '`hyperparameters[1].weightDecay` must be two positive numbers such as `[1e-6, 1]`, the smaller one first, but is',
    ],
    [{ weightDecay: [0, 1] }, '`hyperparameters.weightDecay` must be two positive numbers'],
    [{ weightDecay: [1e-4] }, '`hyperparameters.weightDecay` must be two positive numbers'],
    [{ weightDecay: [1e-4, 1, 2] }, '`hyperparameters.weightDecay` must be two positive numbers'],
    [{ weightDecay: 1e-4 }, '`hyperparameters.weightDecay` must be two positive numbers'],
    [
      { family: 'l1', weightDecay: [1e-6, 1] },
      '`hyperparameters.weightDecay` is not known. Known fields here: family, per, lower, upper, block, fixed',
    ],
    [{ weightdecay: [1e-6, 1] }, '`hyperparameters.weightdecay` is not known. Did you mean "weightDecay"?'],
  ])('%j is refused', (hyperparameters, message) => {
    expect(left(decoded(hyperparameters)).message).toContain(message)
  })
})

describe('presets', () => {
  it.each(Object.keys(presets))('%s is a configuration, and survives a JSON round trip', name => {
    const { config } = right(fromPreset(name))
    const encoded: unknown = JSON.parse(JSON.stringify(RunConfig.encode(config)))
    expect(right(decodeRunConfig('again')(encoded))).toEqual(config)
  })

  it('suggest the nearest name', () => {
    expect(left(fromPreset('mnist-mpl-1k')).message).toContain('Did you mean "mnist-mlp-1k"?')
    expect(left(fromPreset('toString')).message).toContain('There is no preset')
  })
})

describe('the configuration of a method', () => {
  const decoded = (method: object) =>
    pipe(
      decodeRunConfig('test')({ ...whole, method }),
      E.chain(config => methodConfig(sampleAndDescend)('test', config, space)),
    )

  it('contains the space of the problem, the seed of the run, and defaults', () => {
    expect(right(decoded({ name: 'any', rounds: 2 }))).toEqual({
      space,
      seed: 3,
      solves: 4,
      rounds: 2,
      steps: 10,
    })
  })

  it('refuses options that the method does not know, and wrong ones', () => {
    expect(left(decoded({ name: 'any', round: 2 })).message).toContain(
      '`method.round` is not known. Did you mean "rounds"?',
    )
    expect(left(decoded({ name: 'any', rounds: 0 })).message).toContain('`method.rounds` must be')
  })

  it('is not linear in coefficients if two families change the costs of examples', () => {
    const linear = (hyperparameters: unknown, method: object) =>
      pipe(
        decodeRunConfig('test')({ ...whole, hyperparameters, method: { name: 'bilevel', ...method } }),
        E.chain(config => methodConfig(bilevel)('test', config, space)),
        E.map(({ linearInCoefficients }) => linearInCoefficients),
      )
    const both = [{ family: 'classWeights' }, { family: 'labelSmoothing' }]
    expect(right(linear(both.slice(1), {}))).toBe(true)
    expect(right(linear(both, {}))).toBe(false)
    expect(left(linear(both, { linearInCoefficients: true })).message).toContain(
      'is not linear in their coefficients',
    )
    expect(right(linear(both.slice(1), { linearInCoefficients: false }))).toBe(false)
  })

  it('refuses fields that come from other sections', () => {
    expect(left(decoded({ name: 'any', seed: 1 })).message).toContain('`method.seed` is not an option')
    expect(left(decoded({ name: 'any', space })).message).toContain('`method.space` is not an option')
  })
})
