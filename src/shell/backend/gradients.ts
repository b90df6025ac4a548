/**
 * Registers the derivatives of tfjs's operations. `@tensorflow/tfjs-core` registers none, and Node cannot load those in
 * that package; `@tensorflow/tfjs` registers them when it is loaded. Our networks do not need them (model/Layer.ts), so
 * the package is loaded only for user-defined functions of tensors.
 */
import { messageOf } from '../base/messageOf.js'
import * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { environment, type ShellError } from '../base/ShellError.js'

const registered = (): boolean => {
  const known: unknown = tf.getGradient(tf.Multiply)
  return known !== undefined
}

// The compiler must not resolve this import, because the package is optional.
const name: string = '@tensorflow/tfjs'

/** Lets tfjs differentiate. Errors: `Environment` if the package is not installed, or uses another copy of tfjs. */
export const registerGradients: TE.TaskEither<ShellError, void> = async () => {
  if (registered()) return E.right(undefined)
  const advice = `Install it beside this package: npm install ${name}@${tf.version_core}.`
  try {
    await import(name)
  } catch (cause) {
    return E.left(
      environment(
        `A function of tensors cannot be differentiated without the package ${name}, which cannot be loaded ` +
          `(${messageOf(cause).split('\n')[0] ?? ''}). ${advice}`,
      ),
    )
  }
  return registered()
    ? E.right(undefined)
    : E.left(
        environment(
          `The package ${name} is installed, but registers its derivatives with another copy of tfjs. ${advice}`,
        ),
      )
}
