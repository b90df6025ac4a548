/** Faults of the surrogate and of the Gaussian process behind it. */
import * as E from 'fp-ts/lib/Either.js'
import { GaussianProcess, Parts, SearchSpace, ValueFunction } from '../../../src/core/index.js'
import { Laws } from '../../../src/core/laws/index.js'
import type { Mutant } from './Mutant.js'

const { surrogate } = Parts.defaults
type Predict = typeof surrogate.predict
type Prediction = ReturnType<ReturnType<Predict>>
type State = Parameters<ReturnType<Predict>>[0]
type Sample = Parameters<typeof surrogate.observe>[0]

const ofSurrogate = (
  name: string,
  law: string,
  fault: string,
  change: Partial<typeof surrogate>,
): Mutant => ({
  name,
  law,
  fault,
  examine: Laws.surrogate({ ...surrogate, ...change }),
})

const predictions =
  (
    change: (prediction: Prediction, phi: State, lambda: ReadonlyArray<number>) => Partial<Prediction>,
  ): Predict =>
  lambda =>
  phi => {
    const { mean, gradient, variance } = surrogate.predict(lambda)(phi)
    const right = { mean, gradient, variance }
    return { ...right, ...change(right, phi, lambda) }
  }

const samples = (change: (sample: Sample, phi: State) => Sample): Partial<typeof surrogate> => ({
  observe: sample => phi => surrogate.observe(change(sample, phi))(phi),
})

const withoutLimits = (phi: State): State => ({
  ...phi,
  valueFunction: {
    ...phi.valueFunction,
    standardization: { ...phi.valueFunction.standardization, limits: null },
  },
})

const count = ({ valueFunction }: State): number => valueFunction.samples.length

/** The states that this process made. */
const known = (): Partial<typeof surrogate> => {
  const made = new WeakSet<State>()
  const noted = E.map((phi: State) => {
    made.add(phi)
    return phi
  })
  return {
    prior: config => noted(surrogate.prior(config)),
    consolidate: phi => noted(surrogate.consolidate(phi)),
    observe: sample => phi =>
      noted(surrogate.observe(made.has(phi) ? sample : { ...sample, value: sample.value + 1 })(phi)),
  }
}

const ofRegression = (
  name: string,
  law: string,
  fault: string,
  change: Partial<Pick<typeof GaussianProcess, 'conditionOn' | 'append' | 'posterior'>>,
): Mutant => ({ name, law, fault, examine: Laws.regression({ ...GaussianProcess, ...change }) })

export const surrogateMutants: ReadonlyArray<Mutant> = [
  {
    name: 'variance’s gradient with its sign flipped',
    law: 'gradient of the variance',
    fault: '+2 instead of −2.',
    examine: Laws.surrogate({
      ...surrogate,
      predict: lambda => phi => {
        const { mean, gradient, variance, varianceGradient } = ValueFunction.predict(lambda)(
          phi.valueFunction,
        )
        return { mean, gradient, variance, varianceGradient: varianceGradient.map(g => -g) }
      },
    }),
  },
  ofSurrogate(
    'states known by identity',
    'surrogate survives JSON',
    'A state that was read from JSON is treated differently.',
    known(),
  ),
  ofSurrogate(
    'standardization not undone',
    'interpolates without noise',
    'The mean is left in standardized units.',
    {
      predict: predictions(({ mean }, { valueFunction: { standardization } }) => ({
        mean: (mean - standardization.center) / standardization.scale,
      })),
    },
  ),
  ofSurrogate('center not undone', 'units of f', 'The mean is scaled, but not shifted back.', {
    predict: predictions(({ mean }, { valueFunction }) => ({
      mean: mean - valueFunction.standardization.center,
    })),
  }),
  ofSurrogate('deviation for variance', 'units of f', 'The variance is scaled once instead of twice.', {
    predict: predictions(({ variance }, { valueFunction }) => ({
      variance: variance / valueFunction.standardization.scale,
    })),
  }),
  ofSurrogate('gradient by u', 'gradient of the mean', 'The gradient is by the unit coordinates, not by λ.', {
    predict: predictions(({ gradient }, { valueFunction: { space } }) => ({
      gradient: gradient.map((g, k) => g * SearchSpace.widths(space)[k]!),
    })),
  }),
  ofSurrogate(
    'gradient of the model alone',
    'gradient of the mean',
    'If the mean is the envelope’s bound, the gradient is still that of the model.',
    {
      predict: lambda => phi => {
        const free = {
          ...phi.valueFunction,
          options: { ...phi.valueFunction.options, linearInCoefficients: false },
        }
        const { mean, variance } = surrogate.predict(lambda)(phi)
        const { gradient } = surrogate.predict(lambda)({ ...phi, valueFunction: free })
        return { mean, variance, gradient }
      },
    },
  ),
  ofSurrogate(
    'envelope ignored',
    'envelope respected',
    'The option that the loss is linear in θ is ignored.',
    {
      prior: config => surrogate.prior({ ...config, linearInCoefficients: false }),
    },
  ),
  ofSurrogate(
    'variance without max(0, ·)',
    'variance not negative',
    'A variance that rounding makes negative stays negative.',
    {
      predict: predictions(({ variance }, { valueFunction }) => ({
        variance: variance - 1e-6 * valueFunction.standardization.scale ** 2,
      })),
    },
  ),
  ofSurrogate(
    'variance above the prior',
    'variance at most the prior’s',
    'The reduction by the samples is added instead of subtracted.',
    {
      predict: predictions(({ variance }, phi, lambda) => {
        const far = lambda.map(value => value + 1e9)
        const prior = surrogate.predict(far)(phi).variance
        return { variance: prior + (prior - variance) }
      }),
    },
  ),
  ofSurrogate(
    'variance grows',
    'variance never grows',
    'The variance is multiplied by the number of samples.',
    {
      predict: predictions(({ variance }, phi) => ({ variance: variance * count(phi) })),
    },
  ),
  ofSurrogate('constant variance', 'variance falls at a sample', 'The variance is the prior’s everywhere.', {
    predict: predictions((_, phi, lambda) => ({
      variance: surrogate.predict(lambda.map(value => value + 1e9))(phi).variance,
    })),
  }),
  ofSurrogate('lost sample', 'variance falls at a sample', 'Samples after the first fit are dropped.', {
    observe: sample => phi =>
      phi.fittedSamples > 0 ? { _tag: 'Right', right: phi } : surrogate.observe(sample)(phi),
  }),
  ofSurrogate(
    'gradients with their signs flipped',
    'learns a known φ',
    '∇φ is observed as −∇φ.',
    samples(sample => ({
      ...sample,
      gradient: sample.gradient?.map(g => -g) ?? null,
    })),
  ),
  ofSurrogate(
    'noise taken for certain',
    'interpolates without noise',
    'The noise of every sample is set to the size of its value.',
    samples(sample => ({
      ...sample,
      valueNoise: sample.value ** 2,
    })),
  ),
  ofSurrogate(
    'order of samples',
    'order of samples',
    'Every second sample is observed twice as large as it is.',
    samples((sample, phi) => (count(phi) % 2 === 0 ? sample : { ...sample, value: 2 * sample.value })),
  ),
  ofSurrogate(
    'length scales in λ',
    'units of lambda',
    'Slopes are read as those by u, whatever the bounds.',
    samples((sample, { valueFunction: { space } }) => ({
      ...sample,
      gradient: sample.gradient?.map((g, k) => g / SearchSpace.widths(space)[k]!) ?? null,
    })),
  ),
  ofSurrogate('every value believed', 'outlier ignored', 'The limits of the standardization are forgotten.', {
    observe: sample => phi => surrogate.observe(sample)(withoutLimits(phi)),
  }),
  ofSurrogate(
    'outlier drawn in by its root',
    'outlier sets no scale',
    'Values far from zero are drawn in, all of them alike, and then believed.',
    samples(sample => ({
      ...sample,
      value:
        Math.abs(sample.value) > 100
          ? (Math.sign(sample.value) * Math.sqrt(Math.abs(sample.value))) / 10
          : sample.value,
    })),
  ),
  ofSurrogate(
    'mutated sample',
    'surrogate is deterministic',
    'The λ of a sample is clamped in place.',
    samples(sample => Object.assign(sample, { lambda: sample.lambda.map(value => Math.min(3, value)) })),
  ),
  ofSurrogate(
    'NaN taken for zero',
    'refuses bad samples',
    'A value that is NaN is observed as zero.',
    samples(sample => ({
      ...sample,
      value: Number.isNaN(sample.value) ? 0 : sample.value,
    })),
  ),
  ofSurrogate(
    '0/0 at a sample',
    'predicts finite numbers',
    'The mean is divided by the distance to the nearest sample.',
    {
      predict: predictions(({ mean }, { valueFunction }, lambda) => {
        const distance = Math.min(
          ...valueFunction.samples.map(sample =>
            Math.hypot(...sample.lambda.map((value, k) => value - lambda[k]!)),
          ),
        )
        return { mean: (mean * distance) / distance }
      }),
    },
  ),
]

export const regressionMutants: ReadonlyArray<Mutant> = [
  ofRegression('append does nothing', 'append is refit', 'An appended observation is forgotten.', {
    append: () => gp => ({ _tag: 'Right', right: gp }),
  }),
  ofRegression(
    'last observation twice',
    'conditioning knows no order',
    'The last observation is added twice.',
    {
      conditionOn: hyperparameters => observations =>
        GaussianProcess.conditionOn(hyperparameters)([...observations, ...observations.slice(-1)]),
    },
  ),
  ofRegression('noise ignored', 'one observation', 'Values are treated as exact.', {
    conditionOn: hyperparameters => observations =>
      GaussianProcess.conditionOn(hyperparameters)(
        observations.map(observation => ({ ...observation, valueNoise: 1e-9 })),
      ),
  }),
  ofRegression(
    'noise of an observation added to f',
    'vanishing noise',
    'The variance is that of a noisy value, not of f.',
    {
      posterior: gp => x => {
        const posterior = GaussianProcess.posterior(gp)(x)
        return { ...posterior, variance: posterior.variance + 0.01 }
      },
    },
  ),
  ofRegression('the other kernel', 'dense solve', 'RBF where Matérn 5/2 is asked for, and the reverse.', {
    conditionOn: hyperparameters =>
      GaussianProcess.conditionOn({
        ...hyperparameters,
        kernel: hyperparameters.kernel === 'rbf' ? 'matern52' : 'rbf',
      }),
  }),
  ofRegression('length scale not squared', 'dense solve', 'Squared distances are divided by l, not by l².', {
    conditionOn: hyperparameters =>
      GaussianProcess.conditionOn({
        ...hyperparameters,
        lengthScales: hyperparameters.lengthScales.map(Math.sqrt),
      }),
  }),
  ofRegression(
    'variance above the prior',
    'posterior variance',
    'k⋆ᵀC⁻¹k⋆ is added to σ² instead of subtracted.',
    {
      posterior: gp => x => {
        const posterior = GaussianProcess.posterior(gp)(x)
        return { ...posterior, variance: 2 * gp.hyperparameters.signalVariance - posterior.variance }
      },
    },
  ),
  ofRegression(
    'wrong kernel derivative',
    'posterior gradients',
    'h′ of Matérn 5/2 with the factor 5/3 instead of 5/6.',
    {
      posterior: gp => x => {
        const posterior = GaussianProcess.posterior(gp)(x)
        return gp.hyperparameters.kernel === 'matern52'
          ? { ...posterior, meanGradient: posterior.meanGradient.map(g => 2 * g) }
          : posterior
      },
    },
  ),
  ofRegression('variance’s gradient with its sign flipped', 'posterior gradients', '+2 instead of −2.', {
    posterior: gp => x => {
      const posterior = GaussianProcess.posterior(gp)(x)
      return { ...posterior, varianceGradient: posterior.varianceGradient.map(g => -g) }
    },
  }),
]
