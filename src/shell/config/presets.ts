/** Configurations that need no file. */

const mnist1k = (per: 'layer' | 'model') => ({
  data: { source: 'mnist', train: 600, validation: 400 },
  network: { kind: 'mlp', hidden: [100] },
  hyperparameters: { family: 'l2', per, lower: -10, upper: 4 },
  solver: {},
  method: { name: 'bilevel' },
  seed: 0,
})

/** A configuration that needs no file. */
export interface Preset {
  readonly description: string
  /** What the file would hold. */
  readonly config: unknown
}

/** The presets by their names. */
export const presets: Readonly<Record<string, Preset>> = {
  'mnist-mlp-1k': {
    description: 'MNIST, 600 images train, 400 validate; 784-100-10, an L2 coefficient a layer',
    config: mnist1k('layer'),
  },
  'mnist-mlp-1k-global': {
    description: 'the same with one L2 coefficient for the whole network',
    config: mnist1k('model'),
  },
}

/** The preset that is run where nothing is named. */
export const defaultPreset = 'mnist-mlp-1k'
