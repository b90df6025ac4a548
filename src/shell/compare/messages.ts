/** The messages between a comparison and its child processes, each of which carries out one run. */
import * as t from 'io-ts'
import { Natural, NonNegative, nullable } from '../../core/codec/Codec.js'
import { BackendName } from '../backend/Backend.js'
import { RunConfig } from '../config/RunConfig.js'

export const Order = t.readonly(
  t.strict({
    _tag: t.literal('Order'),
    /** Whether to resume a run, or to start a new one. */
    resume: t.boolean,
    /** The run folder. */
    folder: t.string,
    backend: BackendName,
    source: t.string,
    name: t.string,
    baseFolder: nullable(t.string),
    config: RunConfig,
  }),
  'Order',
)
/** The run that a process carries out; this is the first message to it. */
export type Order = t.TypeOf<typeof Order>

const Stop = t.readonly(t.strict({ _tag: t.literal('Stop') }), 'Stop')

export const ToWorker = t.union([Order, Stop], 'a message to a worker')
/** `Stop` acts like Ctrl-C on a single run: the first stops after the current command, the second at once. */
export type ToWorker = t.TypeOf<typeof ToWorker>

export const Report = t.union(
  [
    t.readonly(
      t.strict({
        _tag: t.literal('Stepped'),
        progress: NonNegative,
        phase: t.string,
        lowerLevelSolves: Natural,
      }),
    ),
    t.readonly(t.strict({ _tag: t.literal('Ended') })),
    t.readonly(
      t.strict({
        _tag: t.literal('Stopped'),
        error: t.readonly(
          t.strict({
            _tag: t.keyof({ BadInput: null, Environment: null, Mismatch: null, Interrupted: null }),
            message: t.string,
          }),
        ),
      }),
    ),
  ],
  'a message of a worker',
)
/** A message of a process about its run; `Ended` or `Stopped` is the last one. */
export type Report = t.TypeOf<typeof Report>
