/**
 * Checks every section of a configuration before any data is loaded: the network, the hyperparameters and the method, as far
 * as they can be judged without the images.
 *
 * The form of some data is known without them. Elsewhere two different forms are assumed, and a problem counts only if both
 * have it in the same words; whatever depends on the data is checked again when it is there.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { NamedConfig } from '../config/configSource.js'
import { inConfiguration, methodConfig } from '../config/RunConfig.js'
import { defaultClasses, type DataConfig } from '../data/DataConfig.js'
import type { ImageSet } from '../data/set/ImageSet.js'
import { hyperparametersOf } from '../model/Hyperparameters.js'
import { networkOf } from '../model/NetworkConfig.js'
import { start } from '../record/driver.js'
import { methodNamed, type Methods } from '../record/Methods.js'
import type { ShellError } from '../base/ShellError.js'
import { checkedAugmentation } from '../train/Problem.js'

/** What network, hyperparameters and method need to know of the data. */
interface Form {
  readonly shape: ImageSet['shape']
  readonly classes: number
  readonly examples: number
}

/** One form if it is known, or two that have nothing in common. */
const formsOf = (data: DataConfig): readonly [Form, ...ReadonlyArray<Form>] => {
  const assumed = (classes: number, examples: readonly [number, number]): readonly [Form, Form] => [
    { shape: [28, 28, 1], classes, examples: examples[0] },
    { shape: [34, 38, 3], classes, examples: examples[1] },
  ]
  switch (data.source) {
    case 'mnist':
    case 'fashion-mnist':
      return data.folder === undefined
        ? [{ shape: [28, 28, 1], classes: 10, examples: data.train }]
        : assumed(10, [data.train, data.train])
    case 'cifar10':
      return [{ shape: [32, 32, 3], classes: 10, examples: data.train }]
    case 'idx':
      return assumed(data.classes ?? defaultClasses, [data.train, data.train])
    case 'npz':
      return assumed(data.classes ?? defaultClasses, [1000, 1700])
  }
}

const checkedFor =
  (methods: Methods, { source, config }: Pick<NamedConfig, 'source' | 'config'>) =>
  ({ shape, classes, examples }: Form): E.Either<ShellError, void> =>
    pipe(
      E.Do,
      E.bind('method', () => methodNamed(methods)(config.method.name)),
      E.bind('network', () => networkOf(config.network, shape, classes)),
      E.chainFirst(() => checkedAugmentation(config.solver, shape)),
      E.bind('hyperparameters', ({ network }) =>
        hyperparametersOf(network, config.hyperparameters, examples),
      ),
      E.mapLeft(inConfiguration(source)),
      E.chain(({ method, hyperparameters: { space } }) =>
        method(typed =>
          pipe(
            methodConfig(typed)(source, config, space, examples),
            E.chain(start(typed)),
            E.map(() => undefined),
          ),
        ),
      ),
    )

/** Checks a configuration. Errors: `BadInput`, which names the field. */
export const checkSections =
  (methods: Methods) =>
  (named: Pick<NamedConfig, 'source' | 'config'>): E.Either<ShellError, void> => {
    const check = checkedFor(methods, named)
    const [form, ...others] = formsOf(named.config.data)
    const first = check(form)
    const same = (other: E.Either<ShellError, void>): boolean =>
      E.isLeft(first) && E.isLeft(other) && other.left.message === first.left.message
    return others.map(check).every(same) ? first : E.right(undefined)
  }
