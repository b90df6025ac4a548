/** What a comparison and its processes say to each other; each process carries out one run. */
import * as t from 'io-ts'
import { Natural, NonNegative, nullable } from '../../core/codec/Codec.js'
import { BackendName } from '../backend/Backend.js'
import { RunConfig } from '../config/RunConfig.js'

export const Order = t.readonly(
  t.strict({
    _tag: t.literal('Order'),
    /** Whether the run is new or is gone on with. */
    resume: t.boolean,
    /** Of the run. */
    folder: t.string,
    backend: BackendName,
    source: t.string,
    name: t.string,
    baseFolder: nullable(t.string),
    config: RunConfig,
  }),
  'Order',
)
/** The run that a process is to carry out: the first thing it is told. */
export type Order = t.TypeOf<typeof Order>

const Stop = t.readonly(t.strict({ _tag: t.literal('Stop') }), 'Stop')

export const ToWorker = t.union([Order, Stop], 'a message to a worker')
/** `Stop` is what Ctrl-C is to a single run: the first time after the command at work, the second time at once. */
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
/** What a process says of its run; `Ended` or `Stopped` is its last word. */
export type Report = t.TypeOf<typeof Report>
