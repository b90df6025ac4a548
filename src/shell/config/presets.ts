/**
 * Presets: configurations without a file. There is one for each combination of problem, size, grouping of coefficients and
 * range, which its name lists (`cifar10-lenet-2k-kind-authors-range`), and some with many hyperparameters.
 */

/** A configuration without a file. */
export interface Preset {
  readonly description: string
  /** The configuration before decoding, like the content of a file. */
  readonly config: unknown
}

/** The meaning of one part of a preset's name. */
interface Choice<A> {
  /** The part of the name; empty for the default. */
  readonly suffix: string
  readonly about: string
  readonly value: A
}

interface Family {
  readonly name: string
  readonly about: string
  readonly source: string
  readonly network: object
  readonly solver: object
  /** Training and validation images, in the authors' ratio of 60 to 40. */
  readonly sizes: ReadonlyArray<Choice<{ readonly train: number; readonly validation: number }>>
  readonly groups: ReadonlyArray<Choice<'layer' | 'kind' | 'model'>>
}

/** 60 % of the images train, 40 % validate. */
const sized = (suffix: string, images: number): Family['sizes'][number] => {
  const value = { train: 0.6 * images, validation: 0.4 * images }
  return { suffix, about: `${value.train} images train, ${value.validation} validate`, value }
}

const perLayer: Family['groups'][number] = {
  suffix: '',
  about: 'one L2 coefficient per layer',
  value: 'layer',
}
const perKind: Family['groups'][number] = {
  suffix: 'kind',
  about: 'one L2 coefficient for the convolutional layers and one for the dense layers',
  value: 'kind',
}
const global: Family['groups'][number] = {
  suffix: 'global',
  about: 'one L2 coefficient for the whole network',
  value: 'model',
}

const families: ReadonlyArray<Family> = [
  {
    name: 'mnist-mlp',
    about: 'MNIST, 784-100-10',
    source: 'mnist',
    network: { kind: 'mlp', hidden: [100] },
    solver: {},
    sizes: [sized('1k', 1_000), sized('5k', 5_000), sized('10k', 10_000), sized('full', 60_000)],
    groups: [perLayer, global],
  },
  {
    name: 'mnist-deep',
    about: 'MNIST, 784-100-60-40-10',
    source: 'mnist',
    network: { kind: 'mlp', hidden: [100, 60, 40] },
    solver: {},
    sizes: [sized('1k', 1_000), sized('5k', 5_000), sized('10k', 10_000), sized('full', 60_000)],
    groups: [perLayer, global],
  },
  {
    name: 'cifar10-lenet',
    about: 'CIFAR-10, LeNet-5',
    source: 'cifar10',
    network: { kind: 'lenet' },
    // Measured on 1,200 images: with the default of .3, every unit dies at λ = 2 and 3. See docs/data.md.
    solver: { learningRate: 0.1 },
    sizes: [sized('2k', 2_000), sized('5k', 5_000), sized('10k', 10_000), sized('full', 50_000)],
    groups: [perLayer, perKind, global],
  },
  {
    name: 'fashion-mlp',
    about: 'Fashion-MNIST, 784-100-10',
    source: 'fashion-mnist',
    network: { kind: 'mlp', hidden: [100] },
    solver: {},
    sizes: [sized('1k', 1_000), sized('5k', 5_000), sized('10k', 10_000), sized('full', 60_000)],
    groups: [perLayer, global],
  },
]

const ranges: ReadonlyArray<Choice<{ readonly lower: number; readonly upper: number }>> = [
  { suffix: '', about: '', value: { lower: -10, upper: 4 } },
  { suffix: 'authors-range', about: "λ in the authors' [−10, 0]", value: { lower: -10, upper: 0 } },
]

const ofFamily = ({
  name,
  about,
  source,
  network,
  solver,
  sizes,
  groups,
}: Family): ReadonlyArray<[string, Preset]> =>
  sizes.flatMap(size =>
    ranges.flatMap(range =>
      groups.map((group): [string, Preset] => [
        [name, size.suffix, group.suffix, range.suffix].filter(part => part !== '').join('-'),
        {
          description: [about, size.about, group.about, range.about].filter(part => part !== '').join('; '),
          config: {
            data: { source, ...size.value },
            network,
            hyperparameters: { family: 'l2', per: group.value, ...range.value },
            solver,
            method: { name: 'bilevel' },
            seed: 0,
          },
        },
      ]),
    ),
  )

/**
 * One weight for each of 5,000 training images, half of which have a random label. The L2 coefficient is not tuned, because
 * 5,000 weights can already overfit the validation set: the validation loss falls while the test loss rises. For the same
 * reason pairs are short and the search ends early. With 834 steps per pair, the validation loss falls from .360 to .344, but
 * the share of correct labels with a weight above one half falls from 93 % to 89 %.
 */
const cleaning = (suffix: string, about: string, network: object): readonly [string, Preset] => [
  `cleaning-mnist${suffix}`,
  {
    description: `MNIST with half of the labels replaced at random, ${about}; 5000 images train, 5000 validate; one weight per image`,
    config: {
      data: { source: 'mnist', train: 5_000, validation: 5_000, labelNoise: 0.5 },
      network,
      hyperparameters: [
        { family: 'exampleWeights', lower: -5, upper: 5 },
        // Σ w² / 1000.
        { family: 'l2', per: 'model', fixed: 3 },
      ],
      solver: {},
      method: {
        name: 'bilevel',
        pair: { steps: 100 },
        budget: { lowerLevelSolves: 40, outerIterations: 18 },
      },
      seed: 0,
    },
  },
]

/**
 * One L2 coefficient for each of d blocks of pixels.
 *
 * The lower level is convex and must be solved accurately. Below λ = −1 no affordable number of epochs does that: with λ down
 * to −10, weights at the 784 coefficients found had a validation loss of .31 after 100 epochs and of .41 after 1,000. Results
 * there would measure the solver. Pairs are long, because the flattest directions have curvatures of 2·10⁻⁴.
 */
const grouped = (side: number): readonly [string, Preset] => [
  `groups-mnist-${(28 / side) ** 2}`,
  {
    description: `MNIST, softmax regression; 1000 images train, 2000 validate; one L2 coefficient per block of ${side}×${side} pixels`,
    config: {
      data: { source: 'mnist', train: 1_000, validation: 2_000 },
      network: { kind: 'linear' },
      hyperparameters: { family: 'l2', per: 'block', lower: -1, upper: 6, block: side },
      solver: { epochs: 5, descentMomentum: 0.97 },
      method: {
        name: 'bilevel',
        solve: { tolerance: 2e-4, coldEpochs: 200 },
        pair: { steps: 600 },
        descent: { rule: 'signs', initialStep: 0.14 },
        budget: { lowerLevelSolves: 40, outerIterations: 22 },
      },
      seed: 0,
    },
  },
]

/** A network whose weights follow λ's path: the method `tracking`. */
interface Followed {
  readonly name: string
  readonly about: string
  readonly data: object
  readonly network: object
  readonly range: object
  readonly solver: object
  /** The method's options; pairs take `perImage` steps for each training image, and at least 100. */
  readonly perImage: number
  readonly options: object
  readonly sizes: Family['sizes']
  readonly groups: Family['groups']
}

/**
 * The step of a pair is that of training, at its full size. Pairs are about as long as weights take to follow λ near its optimum:
 * (1 − momentum)/(step size · weight decay) steps.
 */
const followed: ReadonlyArray<Followed> = [
  {
    name: 'mnist-mlp',
    about: 'MNIST, 784-100-10; weights follow λ',
    data: { source: 'mnist' },
    network: { kind: 'mlp', hidden: [100] },
    range: { lower: -10, upper: 4 },
    // Trainings of 50 epochs are no solutions: validation losses go on falling until about 150.
    solver: { epochs: 150, constantShare: 0.25 },
    perImage: 0.1,
    options: { solve: { coldEpochs: 200 } },
    sizes: [sized('1k', 1_000), sized('5k', 5_000), sized('10k', 10_000)],
    groups: [perLayer, global],
  },
  {
    name: 'mnist-deep',
    about: 'MNIST, 784-100-60-40-10; weights follow λ',
    data: { source: 'mnist' },
    network: { kind: 'mlp', hidden: [100, 60, 40] },
    range: { lower: -10, upper: 4 },
    // With steps of .3, pairs leave the valley of their weights now and then, and end at chance (seeds 0 to 3 of 1,000 images).
    solver: { learningRate: 0.1, epochs: 150, constantShare: 0.25 },
    perImage: 0.1,
    options: { solve: { coldEpochs: 200 } },
    sizes: [sized('1k', 1_000), sized('5k', 5_000), sized('10k', 10_000)],
    groups: [perLayer, global],
  },
  {
    name: 'cifar10-lenet',
    about: 'CIFAR-10 with standardised channels, LeNet-5; weights follow λ',
    data: { source: 'cifar10', standardise: 'channel' },
    network: { kind: 'lenet' },
    range: { weightDecay: [1e-5, 1] },
    solver: { learningRate: 0.01, momentum: 0.9, descentMomentum: 0.9, epochs: 50 },
    perImage: 1 / 60,
    options: {
      // One epoch more than the solver takes leaves no room for polishing: the minima that it finds are too sharp for LeNet.
      solve: { coldEpochs: 51 },
      start: { at: 0.5, epochs: 11 },
      multiplier: { initial: 20 },
    },
    sizes: [sized('2k', 2_000), sized('5k', 5_000), sized('10k', 10_000), sized('full', 50_000)],
    groups: [perLayer, perKind, global],
  },
  {
    name: 'mnist-lenet',
    about: 'MNIST, LeNet-5; weights follow λ',
    data: { source: 'mnist' },
    network: { kind: 'lenet' },
    range: { weightDecay: [1e-5, 1] },
    solver: { learningRate: 0.01, momentum: 0.9, descentMomentum: 0.9, epochs: 30 },
    perImage: 1 / 60,
    options: {
      solve: { coldEpochs: 31 },
      start: { at: 0.5, epochs: 7 },
      multiplier: { initial: 20 },
    },
    sizes: [sized('10k', 10_000), sized('full', 60_000)],
    groups: [perLayer, perKind, global],
  },
]

const ofFollowed = ({
  name,
  about,
  data,
  network,
  range,
  solver,
  perImage,
  options,
  sizes,
  groups,
}: Followed): ReadonlyArray<[string, Preset]> =>
  sizes.flatMap(size =>
    groups.map((group): [string, Preset] => [
      [name, size.suffix, group.suffix, 'tracking'].filter(part => part !== '').join('-'),
      {
        description: `${about}; ${size.about}; ${group.about}`,
        config: {
          data: { ...data, ...size.value },
          network,
          hyperparameters: { family: 'l2', per: group.value, ...range },
          solver,
          method: {
            name: 'tracking',
            pair: { steps: Math.max(100, Math.round(perImage * size.value.train)) },
            ...options,
          },
          seed: 0,
        },
      },
    ]),
  )

const manyHyperparameters: ReadonlyArray<readonly [string, Preset]> = [
  cleaning('', 'softmax regression', { kind: 'linear' }),
  cleaning('-mlp', '784-100-10', { kind: 'mlp', hidden: [100] }),
  ...[28, 14, 7, 4, 2, 1].map(grouped),
]

/**
 * The presets by name.
 *
 * @example
 * ```ts
 * import { type Preset, presets } from 'bilevel-hpo/shell'
 *
 * const main: Preset | undefined = presets['mnist-mlp-1k']
 * main?.description.includes('MNIST') // => true
 * ```
 */
export const presets: Readonly<Record<string, Preset>> = Object.fromEntries([
  ...families.flatMap(ofFamily),
  ...followed.flatMap(ofFollowed),
  ...manyHyperparameters,
])

const optional = (choices: ReadonlyArray<Choice<unknown>>): string => {
  const suffixes = choices.flatMap(({ suffix }) => (suffix === '' ? [] : [`-${suffix}`]))
  return suffixes.length === 0 ? '' : `[${suffixes.join('|')}]`
}

/** The patterns of the presets' names, for a help text. `{1k,5k}`: one of these; `[-global]`: optional. */
export const presetPatterns: ReadonlyArray<{ readonly pattern: string; readonly about: string }> = [
  ...families.map(({ name, about, sizes, groups }) => ({
    pattern: `${name}-{${sizes.map(({ suffix }) => suffix).join(',')}}${optional(groups)}${optional(ranges)}`,
    about,
  })),
  ...followed.map(({ name, about, sizes, groups }) => ({
    pattern: `${name}-{${sizes.map(({ suffix }) => suffix).join(',')}}${optional(groups)}-tracking`,
    about,
  })),
  {
    pattern: 'cleaning-mnist[-mlp]',
    about: 'MNIST with half of the labels replaced at random; one weight for each of 5,000 images',
  },
  {
    pattern: 'groups-mnist-{1,4,16,49,196,784}',
    about: 'MNIST, softmax regression; one L2 coefficient per block of pixels',
  },
]

/** The preset that runs if neither a preset nor a file is named. */
export const defaultPreset = 'mnist-mlp-1k-tracking'
