/**
 * The code of a worker thread: it receives a problem and answers one command at a time. It runs the same code as the main
 * thread, on its own backend, so its answers are the same bytes.
 */
import { parentPort, workerData } from 'node:worker_threads'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { decode } from '../../core/codec/Codec.js'
import type { Observation } from '../../core/protocol/Observation.js'
import { size } from '../data/set/ImageSet.js'
import { backendOf } from '../train/backendOf.js'
import { hyperparametersOf } from '../model/Hyperparameters.js'
import { networkOf } from '../model/NetworkConfig.js'
import type { Persistence } from '../train/WeightStore.js'
import { environment, type ShellError } from '../base/ShellError.js'
import { networkInterpreter } from './networkInterpreter.js'
import { Job, ThreadData, type NamedWeights, type Report } from './threadMessages.js'

const fault = (message: string): ShellError =>
  environment(
    `A training thread received an invalid message: ${message}. Please report it; --workers 1 uses no threads.`,
  )

/** The weights of the running command: those it received, and its new ones. */
let given: NamedWeights | null = null
let made: NamedWeights | null = null
const commandWeights: Persistence = {
  load: ref => TE.right(given?.ref === ref ? O.some(given.weights) : O.none),
  save: (ref, weights) =>
    TE.fromIO(() => {
      made = { ref, weights }
    }),
  remove: () => () => undefined,
}

const report = (message: Report): void => parentPort?.postMessage(message)

const interpreter = pipe(
  decode(ThreadData)(workerData),
  E.mapLeft(fault),
  TE.fromEither,
  TE.bindTo('data'),
  TE.bind('network', ({ data: { recipe, splits } }) =>
    TE.fromEither(networkOf(recipe.network, splits.train.shape, splits.train.classes)),
  ),
  TE.bind('hyperparameters', ({ network, data: { recipe, splits } }) =>
    TE.fromEither(hyperparametersOf(network, recipe.hyperparameters, size(splits.train))),
  ),
  TE.bind('backend', ({ network, data: { backend, recipe, splits } }) =>
    backendOf(backend, { network, recipe, splits }),
  ),
  TE.chainEitherK(({ backend, network, hyperparameters, data: { splits, solver, seed } }) =>
    networkInterpreter(
      backend,
      { network, hyperparameters, splits, solver, seed },
      {
        persistence: commandWeights,
        onProgress: ({ done, effort }) => report({ _tag: 'Working', done, effort }),
      },
    ),
  ),
)()

const carryOut = ({ question, from }: Job): TE.TaskEither<ShellError, Observation> =>
  pipe(
    () => interpreter,
    TE.chain(({ answer, release }) => async () => {
      given = from
      made = null
      const observation = await answer(question)()
      // The main thread stores all weights, so this thread keeps none.
      release([given, made].flatMap(kept => (kept === null ? [] : [kept.ref])))
      return observation
    }),
  )

parentPort?.on('message', (message: unknown) => {
  void pipe(
    decode(Job)(message),
    E.mapLeft(fault),
    TE.fromEither,
    TE.chain(carryOut),
    TE.match(
      (error): Report => ({ _tag: 'Failed', error }),
      (observation): Report => ({ _tag: 'Answered', observation, made }),
    ),
    task => task().then(report),
  )
})
