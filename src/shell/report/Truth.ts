/** Reads a file of validation losses over a dense grid of λ: `{"points": [{"lambda": [2], "upper": 0.458}, …]}`. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { parseObject } from '../../core/codec/boundedJson.js'
import { decode, Finite, Vector } from '../../core/codec/Codec.js'
import { limits } from '../../core/log/RunLog.js'
import { readIfThere } from '../record/RunFolder.js'
import { badInput, type ShellError } from '../base/ShellError.js'

const Points = t.readonlyArray(t.readonly(t.strict({ lambda: Vector, upper: Finite })), 'points')

export const Truth = t.readonly(t.strict({ points: Points }), 'Truth')
/** F of weights trained at many λ, drawn beneath the samples. */
export type Truth = t.TypeOf<typeof Truth>

const refused =
  (path: string) =>
  (problem: string): ShellError =>
    badInput(
      `The file ${path} does not contain a grid of validation losses: ${problem}. Write ` +
        '{"points": [{"lambda": [2], "upper": 0.458}]}, one point for each λ.',
    )

/** Reads such a file. Errors: `BadInput` if it is missing or has another form. */
export const readTruth = (path: string): E.Either<ShellError, Truth> =>
  pipe(
    readIfThere(path, limits.length),
    E.chain(text =>
      text === null
        ? E.left(refused(path)('it does not exist'))
        : pipe(
            parseObject(limits)(text),
            E.mapLeft(problem => `it ${problem}`),
            E.chain(decode(Truth)),
            E.mapLeft(refused(path)),
          ),
    ),
  )
