import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import { tracking } from '../../../src/core/tracking/tracking.js'
import { fromPreset } from '../../../src/shell/config/configSource.js'
import { defaultPreset, presetPatterns, presets } from '../../../src/shell/config/presets.js'
import { methodConfig } from '../../../src/shell/config/RunConfig.js'
import type { DataConfig } from '../../../src/shell/data/DataConfig.js'
import { hyperparametersOf } from '../../../src/shell/model/Hyperparameters.js'
import { networkOf } from '../../../src/shell/model/NetworkConfig.js'

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(`expected a Right, found ${JSON.stringify(either.left)}`)
}

const names = Object.keys(presets)
const ofMany = names.filter(name => /^(cleaning|groups)-/.test(name))
const ofFew = names.filter(name => !ofMany.includes(name))

const images: Partial<
  Record<DataConfig['source'], { shape: readonly [number, number, number]; pool: number }>
> = {
  mnist: { shape: [28, 28, 1], pool: 60_000 },
  'fashion-mnist': { shape: [28, 28, 1], pool: 60_000 },
  cifar10: { shape: [32, 32, 3], pool: 50_000 },
}

/** The number of layers of a preset, from its name. */
const layers = (name: string): number => (name.includes('lenet') ? 5 : name.startsWith('mnist-deep') ? 4 : 2)
const dimension = (name: string): number =>
  name.includes('-global') ? 1 : name.includes('-kind') ? 2 : layers(name)
const sizes: Readonly<Record<string, number>> = { '1k': 1000, '2k': 2000, '5k': 5000, '10k': 10_000 }

describe('presets', () => {
  it('are all combinations that the published results need', () => {
    for (const size of ['1k', '5k', '10k', 'full'])
      expect(names).toEqual(expect.arrayContaining([`mnist-mlp-${size}`, `mnist-mlp-${size}-global`]))
    for (const size of ['2k', '5k', '10k', 'full'])
      for (const group of ['', '-kind', '-global']) expect(names).toContain(`cifar10-lenet-${size}${group}`)
    for (const size of ['10k', 'full'])
      for (const group of ['', '-kind', '-global'])
        expect(names).toContain(`mnist-lenet-${size}${group}-tracking`)
    expect(names).toEqual(expect.arrayContaining(['mnist-deep-1k', 'fashion-mlp-1k', defaultPreset]))
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(ofFew)('%s builds its network and its search space, and fits its data', name => {
    const { config } = right(fromPreset(name))
    const { data } = config
    const source = images[data.source]
    if (
      source === undefined ||
      !('train' in data) ||
      typeof data.train !== 'number' ||
      typeof data.validation !== 'number'
    )
      throw new Error(`no preset is expected to be of ${data.source}`)
    const { train, validation } = data
    const size = sizes[name.split('-')[2]!] ?? source.pool
    expect([train, validation]).toEqual([(6 * size) / 10, (4 * size) / 10])
    const network = right(networkOf(config.network, source.shape, 10))
    const { space } = right(hyperparametersOf(network, config.hyperparameters, train))
    expect(space.length).toBe(dimension(name))
    const follows = name.endsWith('-tracking')
    // Weight decays from 1e-5 to 1 are bounds that move with the number of images.
    const [lower, upper] =
      follows && name.includes('lenet')
        ? [Math.log(2e-5 * train), Math.log(2 * train)]
        : [-10, name.endsWith('-authors-range') ? 0 : 4]
    for (const h of space) {
      expect(h.lower).toBeCloseTo(lower, 9)
      expect(h.upper).toBeCloseTo(upper, 9)
      expect(h.scale).toBe('log')
    }
    const settings = follows
      ? right(methodConfig(tracking)(name, config, space))
      : right(methodConfig(bilevel)(name, config, space))
    expect(settings.space).toEqual(space)
    expect(presets[name]!.description).toContain(`${train} images train, ${validation} validate`)
  })

  it.each(ofMany)('%s builds its network and its many hyperparameters', name => {
    const { config } = right(fromPreset(name))
    const cleaning = name.startsWith('cleaning')
    expect(config.data).toMatchObject(
      cleaning ? { train: 5000, validation: 5000, labelNoise: 0.5 } : { train: 1000, validation: 2000 },
    )
    const network = right(networkOf(config.network, [28, 28, 1], 10))
    expect(network.name).toBe(name.endsWith('-mlp') ? 'mlp 784-100-10' : 'linear 784-10')
    const found = right(hyperparametersOf(network, config.hyperparameters, cleaning ? 5000 : 1000))
    expect(found.space).toHaveLength(cleaning ? 5000 : Number(name.split('-')[2]))
    expect(found.linearInCoefficients).toBe(true)
    expect(right(methodConfig(bilevel)(name, config, found.space)).space).toEqual(found.space)
  })

  it('all match a pattern that the help shows', () => {
    const escaped = presetPatterns.map(({ pattern }) =>
      pattern
        .replaceAll(/\[(.*?)\]/g, '($1)?')
        .replaceAll(/\{(.*?)\}/g, (_, choices: string) => `(${choices.replaceAll(',', '|')})`),
    )
    const any = new RegExp(`^(${escaped.join('|')})$`)
    for (const name of names) expect(name).toMatch(any)
    const count = (pattern: string): number =>
      [...pattern.matchAll(/\[.*?\]|\{.*?\}/g)].reduce(
        (product, [part]) => product * (part.split(/[,|]/).length + (part.startsWith('[') ? 1 : 0)),
        1,
      )
    expect(presetPatterns.reduce((sum, { pattern }) => sum + count(pattern), 0)).toBe(names.length)
  })

  it.each([
    ['mnist-deep', 'mnist-deep-1k'],
    ['cifar-lenet-2k', 'cifar10-lenet-2k'],
    ['cifar10-lenet-2k-gobal', 'cifar10-lenet-2k-global'],
    ['MNIST-MLP-5K', 'mnist-mlp-5k'],
  ])('%s is not one, but %s may be meant', (name, meant) => {
    const found = fromPreset(name)
    expect(E.isLeft(found) && found.left.message).toBe(
      `There is no preset called "${name}". Did you mean "${meant}"? \`bilevel presets\` lists all of them.`,
    )
  })
})
