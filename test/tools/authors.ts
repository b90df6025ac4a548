/**
 * What the authors of arXiv 2208.12118 measured, as the saved outputs of their published notebooks show it: validation and
 * test cross-entropy on MNIST, 784-100-10, ReLU, 60/40 splits of 1,000, 5,000 and 10,000 images.
 *
 * Their method's weights descended on the validation data; those of the others did not. A figure of one run each.
 */
import * as t from 'io-ts'

/** Validation and test loss. */
export type Figure = readonly [validation: number, test: number]

export interface AuthorsRow {
  readonly method: string
  /** How many hyperparameters; grid, random, Bayesian and Hyperband were published for two alone. */
  readonly hyperparameters: 1 | 2
  /** Whether the weights saw validation data. */
  readonly sawValidation: boolean
  readonly figures: Readonly<Record<Images, ReadonlyArray<Figure>>>
}

export type Images = 1000 | 5000 | 10000

export const authors: ReadonlyArray<AuthorsRow> = [
  {
    method: 'their method',
    hyperparameters: 1,
    sawValidation: true,
    figures: {
      1000: [
        [0.028, 0.3734],
        [0.027, 0.398],
      ],
      5000: [
        [0.0133, 0.2384],
        [0.0136, 0.2344],
      ],
      10000: [
        [0.0281, 0.1765],
        [0.0285, 0.1852],
      ],
    },
  },
  {
    method: 'their method',
    hyperparameters: 2,
    sawValidation: true,
    figures: {
      1000: [
        [0.0457, 0.3652],
        [0.0502, 0.3681],
      ],
      5000: [[0.0745, 0.2035]],
      10000: [
        [0.098, 0.1711],
        [0.0954, 0.1731],
        [0.0749, 0.1744],
      ],
    },
  },
  {
    method: 'grid 30×30',
    hyperparameters: 2,
    sawValidation: false,
    figures: { 1000: [[0.4328, 0.4193]], 5000: [[0.2757, 0.2556]], 10000: [[0.1462, 0.191]] },
  },
  {
    method: '“random” 900 (a product grid over 30 random values)',
    hyperparameters: 2,
    sawValidation: false,
    figures: { 1000: [[0.4403, 0.4228]], 5000: [[0.2687, 0.2419]], 10000: [[0.1438, 0.183]] },
  },
  {
    method: 'Bayesian, 100 trials',
    hyperparameters: 2,
    sawValidation: false,
    figures: { 1000: [[0.4288, 0.4058]], 5000: [[0.2559, 0.2361]], 10000: [[0.1332, 0.1788]] },
  },
  {
    method: 'Hyperband, 254 trials',
    hyperparameters: 2,
    sawValidation: false,
    figures: { 1000: [[0.4236, 0.4063]], 5000: [[0.264, 0.2444]], 10000: [[0.1336, 0.1717]] },
  },
]

const Task = t.type({
  data: t.type({ source: t.literal('mnist'), train: t.number, validation: t.number }),
  network: t.type({ kind: t.literal('mlp'), hidden: t.array(t.number) }),
  hyperparameters: t.type({ per: t.keyof({ layer: null, model: null }) }),
})

/** Which of their experiments a task repeats; `null`: none. */
export const experimentOf = (
  task: unknown,
): { readonly images: Images; readonly hyperparameters: 1 | 2 } | null => {
  if (!Task.is(task)) return null
  const { data, network, hyperparameters } = task
  const images = data.train + data.validation
  return network.hidden.length === 1 &&
    network.hidden[0] === 100 &&
    data.train * 2 === data.validation * 3 &&
    (images === 1000 || images === 5000 || images === 10000)
    ? { images, hyperparameters: hyperparameters.per === 'layer' ? 2 : 1 }
    : null
}
