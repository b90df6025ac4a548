/**
 * The text format of a run's log: a versioned header, then one record per transition.
 *
 * Line 1 is the {@link Header}. Line n + 2 is the record of step n: the observation (null for `init`), and the commands
 * and the info of the resulting transition. Every line ends with a `digest`, chained over all the text before it. It
 * detects any change, even one that no decision of the method depended on. The shell computes the hash.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { parseObject } from '../codec/boundedJson.js'
import { Count, dictionaryOf, Finite, nullable, Numbers } from '../codec/Codec.js'
import { type Known, nothingKnown, packAll, unpackAll } from './logVectors.js'
import type { Method } from '../protocol/Method.js'
import type { LogRecord } from './LogRecord.js'
import { longestPlain } from '../codec/packedVector.js'

export { LogRecord } from './LogRecord.js'

/**
 * Marks the first line of a file as the header of a run log.
 *
 * @example
 * ```ts
 * import { RunLog } from 'bilevel-hpo'
 *
 * // A reader tells a run log from any other file of JSON lines by this field.
 * RunLog.format // => 'bilevel-hpo/run'
 * ```
 */
export const format = 'bilevel-hpo/run'
/**
 * The version of the log format that writes every number in decimal.
 *
 * @example
 * ```ts
 * import { RunLog } from 'bilevel-hpo'
 *
 * RunLog.packingOf(RunLog.version) // => null
 * ```
 */
export const version = 1
/**
 * The version of the log format that packs long vectors (logVectors.ts). A log of any other version is refused.
 *
 * @example
 * ```ts
 * import { RunLog } from 'bilevel-hpo'
 *
 * // From version 2 on, a line may refer to vectors of earlier lines.
 * RunLog.packingOf(RunLog.packedVersion) !== null // => true
 * ```
 */
export const packedVersion = 2

/**
 * Limits on one line when reading: characters, nesting depth, entries of a list, numbers in packed vectors. No run
 * comes near them.
 *
 * @example
 * ```ts
 * import { isLeft } from 'fp-ts/lib/Either.js'
 * import { RunLog } from 'bilevel-hpo'
 *
 * // JSON nested deeper than any run writes is refused, not parsed.
 * const hostile = `{"a":${'['.repeat(RunLog.limits.depth + 1)}${']'.repeat(RunLog.limits.depth + 1)}}`
 * isLeft(RunLog.parse(hostile)) // => true
 * ```
 */
export const limits = { length: 4 * 1024 * 1024, depth: 32, entries: 65_536, packed: 16 * 65_536 } as const

/** @internal The fields of a header whose values the caller of a driver provides. */
export const headerFields = {
  /** The problem's complete configuration. A run is resumed from it, `method` and `config`. */
  problem: t.UnknownRecord,
  /** Sizes of the sets, and a hash of their content. A resumed run compares the hash with that of its own data. */
  data: t.readonly(
    t.exact(
      t.intersection([
        t.type({ train: Count, validation: Count, test: nullable(Count), fingerprint: t.string }),
        t.partial({
          /** The value of white in the files, if it had to be decided. Older logs do not have it. */
          scale: Finite,
          /** How pixels were standardised, if they were: by channel or feature, by which numbers, and a hash of them. */
          standardised: t.readonly(
            t.exact(
              t.intersection([
                t.type({ per: t.keyof({ channel: null, feature: null }), digest: t.string }),
                // Only if they are few.
                t.partial({ means: Numbers, deviations: Numbers }),
              ]),
            ),
          ),
        }),
      ]),
    ),
    'data',
  ),
  /** Name of the backend that trained the weights. */
  backend: t.string,
} as const

export const Header = t.readonly(
  t.strict({
    format: t.literal(format),
    version: t.union([t.literal(version), t.literal(packedVersion)], '1 or 2'),
    /** Name of the method. */
    method: t.string,
    /** The method's complete configuration, defaults included. */
    config: t.UnknownRecord,
    ...headerFields,
    versions: dictionaryOf(t.string, 'an object of texts'),
  }),
  'Header',
)
/**
 * The first line of a log.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { decode, RunLog } from 'bilevel-hpo'
 *
 * const header = { format: 'another program/log', version: 1, method: 'bilevel' }
 * decode(RunLog.Header)(header) // => left('`format` must be "bilevel-hpo/run", but is "another program/log"')
 * ```
 */
export type Header = t.TypeOf<typeof Header>

/**
 * The log version for a run with this configuration. A log without packed vectors keeps version 1, so that programs
 * that know only version 1 can read it.
 *
 * @example
 * ```ts
 * import { RunLog } from 'bilevel-hpo'
 *
 * RunLog.versionFor({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] }) // => 1
 * RunLog.versionFor({ space: Array.from({ length: 5000 }) }) // => 2
 * ```
 */
export const versionFor = ({ space }: Header['config']): Header['version'] =>
  Array.isArray(space) && space.length > longestPlain ? packedVersion : version

/**
 * A method's configuration in the form that the log stores: plain JSON, with every default.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, randomSearch, RunLog } from 'bilevel-hpo'
 *
 * const config = decode(randomSearch.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const written = E.isRight(config) ? RunLog.writtenConfig(randomSearch, config.right) : {}
 * written['seed'] // => 0
 * ```
 */
export const writtenConfig = <C, S>({ config: codec }: Method<C, S>, config: C): Header['config'] => {
  const written: unknown = JSON.parse(JSON.stringify(codec.encode(config)))
  return t.UnknownRecord.is(written) ? written : {}
}

/** The fields of a header that do not depend on the method. */
export type About = Pick<Header, 'problem' | 'data' | 'backend' | 'versions'>

/**
 * The header of a run of a method.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, randomSearch, RunLog } from 'bilevel-hpo'
 *
 * const config = decode(randomSearch.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const data = { train: 600, validation: 400, test: null, fingerprint: '0123456789abcdef' }
 * const about: RunLog.About = { problem: {}, data, backend: 'mine', versions: {} }
 * const header = E.isRight(config) ? RunLog.headerOf(randomSearch)(config.right, about) : null
 * header?.method // => 'random'
 * ```
 */
export const headerOf =
  <C, S>(method: Method<C, S>) =>
  (config: C, { problem, data, backend, versions }: About): Header => {
    const written = writtenConfig(method, config)
    return {
      format,
      version: versionFor(written),
      method: method.name,
      config: written,
      // Send it through JSON: this header is compared with one that was read.
      problem: JSON.parse(JSON.stringify(problem)) as Header['problem'],
      data,
      backend,
      versions,
    }
  }

/** The vectors that a place in a log may refer to; `null`: all vectors are written out. */
export type Packing = Known | null

/**
 * The vectors that the first line of a log may refer to: an empty list, or `null` if the version packs no vectors.
 *
 * @example
 * ```ts
 * import { RunLog } from 'bilevel-hpo'
 *
 * RunLog.packingOf(1) // => null
 * ```
 */
export const packingOf = (stated: unknown): Packing => (stated === packedVersion ? nothingKnown : null)

/** One line of a log, parsed but not yet verified. */
export interface LogLine {
  /** Counted from 1, as editors do. */
  readonly line: number
  /** The line's JSON without the digest. */
  readonly body: string
  /** Its content, every vector unpacked. */
  readonly value: Readonly<Record<string, unknown>>
  /** The vectors that this line may refer to, and those that the next line may. Absent: every vector is written out. */
  readonly packing?: { readonly before: Packing; readonly after: Packing }
  /** The digest of the text up to here, and the digest that the line states. */
  readonly digest: { readonly expected: string; readonly found: string }
}

/**
 * The header's text, without its digest.
 *
 * @example
 * ```ts
 * import { RunLog } from 'bilevel-hpo'
 *
 * const header: RunLog.Header = {
 *   format: RunLog.format, version: 1, method: 'bilevel', config: {}, problem: { model: 'mine' },
 *   data: { train: 600, validation: 400, test: null, fingerprint: 'abc' }, backend: 'mine', versions: {},
 * }
 * JSON.parse(RunLog.encodeHeader(header)) // => header
 * ```
 */
export const encodeHeader = (header: Header): string => {
  const { version, method, config, problem, data, backend, versions } = header
  return JSON.stringify({ format, version, method, config, problem, data, backend, versions })
}

/**
 * The text of one record in a log of version 1, without its digest.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, gridSearch, RunLog } from 'bilevel-hpo'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * const begun = E.flatMap(gridSearch.init)(decode(gridSearch.config)({ space }))
 * const body = E.isRight(begun) ? RunLog.encodeRecord(0, null, begun.right) : '{}'
 * Object.keys(JSON.parse(body)) // => ['step', 'observation', 'commands', 'info']
 * ```
 */
export const encodeRecord = (
  step: number,
  observation: LogRecord['observation'],
  { commands, info }: Pick<LogRecord, 'commands' | 'info'>,
): string => JSON.stringify({ step, observation, commands, info })

/**
 * The text of one record, without its digest, and the vectors that the next record may refer to.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, randomSearch, RunLog } from 'bilevel-hpo'
 *
 * const space = Array.from({ length: 5000 }, (_, k) => ({ name: `h${k}`, lower: 0, upper: 1, scale: 'linear' }))
 * const config = decode(randomSearch.config)({ space, budget: { lowerLevelSolves: 1 } })
 * const begun = E.flatMap(randomSearch.init)(config)
 * const record = E.isRight(begun) ? { step: 0, observation: null, ...begun.right } : null
 * const lengths = [1, 2].map(version =>
 *   record === null ? NaN : RunLog.packRecord(RunLog.packingOf(version))(record).body.length)
 * lengths[1]! < 0.7 * lengths[0]! // => true
 * ```
 */
export const packRecord =
  (packing: Packing) =>
  ({
    step,
    observation,
    commands,
    info,
  }: Omit<LogRecord, 'observation'> & { readonly observation: unknown }): {
    readonly body: string
    readonly packing: Packing
  } => {
    const text = { step, observation, commands, info }
    if (packing === null) return { body: JSON.stringify(text), packing }
    const { value, known } = packAll(packing)(text)
    return { body: JSON.stringify(value), packing: known }
  }

/**
 * A complete line of a log: the text of a JSON object with `digest`, 16 hexadecimal digits, as its last field.
 *
 * @example
 * ```ts
 * import { RunLog } from 'bilevel-hpo'
 *
 * RunLog.seal('{"step":0}', '0123456789abcdef') // => '{"step":0,"digest":"0123456789abcdef"}'
 * ```
 */
export const seal = (body: string, digest: string): string => `${body.slice(0, -1)},"digest":"${digest}"}`

const sealing = /^,"digest":"([0-9a-f]{16})"\}$/
const sealingLength = seal('{}', '0'.repeat(16)).length - 1

/**
 * The text and the digest of a line; the inverse of {@link seal}. `None` if the line does not end with a digest.
 *
 * @example
 * ```ts
 * import { none, some } from 'fp-ts/lib/Option.js'
 * import { RunLog } from 'bilevel-hpo'
 *
 * const line = RunLog.seal('{"step":0}', '0123456789abcdef')
 * RunLog.unseal(line) // => some({ body: '{"step":0}', digest: '0123456789abcdef' })
 * // A line that was cut short has no digest.
 * RunLog.unseal(line.slice(0, -3)) // => none
 * ```
 */
export const unseal = (line: string): O.Option<{ readonly body: string; readonly digest: string }> =>
  pipe(
    O.fromNullable(sealing.exec(line.slice(-sealingLength))?.[1]),
    O.map(digest => ({ body: `${line.slice(0, -sealingLength)}}`, digest })),
  )

const isDigit = (char: string | undefined): boolean => char !== undefined && char >= '0' && char <= '9'

/** Whether the digits of a number begin here, and not in the middle of a number, its fraction or its exponent. */
const beginsDigits = (text: string, i: number): boolean => {
  if (!isDigit(text[i])) return false
  const [before = '', last = ''] = [text[i - 2], text[i - 1]]
  return last === '-' ? !/[eE]/.test(before) : !/[\d.eE+]/.test(last)
}

/**
 * A number whose leading digit was changed to 0 is not valid JSON. It is parsed all the same, so that replay can name
 * its field. The digest covers the original text, so the change is still detected.
 */
const withoutLeadingZeros = (text: string): string => {
  const kept: Array<string> = []
  let from = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    if (quoted && text[i] === '\\') i++
    else if (text[i] === '"') quoted = !quoted
    else if (!quoted && text[i] === '0' && beginsDigits(text, i)) {
      kept.push(text.slice(from, i))
      while (text[i] === '0' && isDigit(text[i + 1])) i++
      from = i
    }
  }
  return [...kept, text.slice(from)].join('')
}

/**
 * The JSON object in the body of a line. Errors: a clause that says what the text is instead.
 *
 * @example
 * ```ts
 * import { isLeft, right } from 'fp-ts/lib/Either.js'
 * import { RunLog } from 'bilevel-hpo'
 *
 * RunLog.parse('{"step":3,"observation":null}') // => right({ step: 3, observation: null })
 * isLeft(RunLog.parse('[3]')) // => true
 * ```
 */
export const parse = (body: string): E.Either<string, Readonly<Record<string, unknown>>> =>
  pipe(
    parseObject(limits)(body),
    E.alt(() => parseObject(limits)(withoutLeadingZeros(body))),
  )

/** The content of a line, and the vectors that the next line may refer to. */
export interface Unpacked extends Pick<LogLine, 'value'> {
  readonly packing: Packing
}

/**
 * The inverse of {@link packRecord}: every vector becomes a list of numbers. Errors: as those of {@link parse}.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { RunLog } from 'bilevel-hpo'
 *
 * const nothing = RunLog.packingOf(1)
 * RunLog.unpackRecord(nothing)('{"step":3}') // => right({ value: { step: 3 }, packing: null })
 * ```
 */
export const unpackRecord =
  (packing: Packing) =>
  (body: string): E.Either<string, Unpacked> =>
    pipe(
      parse(body),
      E.chain(value =>
        packing === null
          ? E.right<string, Unpacked>({ value, packing })
          : pipe(
              unpackAll(packing, limits.packed)(value),
              E.map(({ value: unpacked, known }) => ({
                value: t.UnknownRecord.is(unpacked) ? unpacked : value,
                packing: known,
              })),
            ),
      ),
    )
