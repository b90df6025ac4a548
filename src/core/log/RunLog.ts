/**
 * A run as lines of text: a versioned header, then one record a transition.
 *
 * Line 1 is the {@link Header}; line n + 2 is the record of step n: the observation (null for `init`), and the
 * commands and the info it led to. Every line ends with a `digest`, chained over all the text before it, so that
 * any change is found, also one that no decision of the method depended on. The hash itself is the shell's.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { parseObject } from '../codec/boundedJson.js'
import { Count, dictionaryOf, nullable } from '../codec/Codec.js'
import { type Known, nothingKnown, packAll, unpackAll } from './logVectors.js'
import type { Observation } from '../protocol/Observation.js'
import type { Transition } from '../protocol/Method.js'
import { longestPlain } from '../codec/packedVector.js'

/** Says of a file's first line that it is the header of a run log. */
export const format = 'bilevel-hpo/run'
/** The version of the log's own form that writes every number in decimal. */
export const version = 1
/** The version in which long vectors are packed (logVectors.ts). A log of yet another version is refused. */
export const packedVersion = 2

/** Nothing that a run writes comes near these. */
export const limits = { length: 4 * 1024 * 1024, depth: 32, entries: 65_536, packed: 16 * 65_536 } as const

export const Header = t.readonly(
  t.strict({
    format: t.literal(format),
    version: t.union([t.literal(version), t.literal(packedVersion)], '1 or 2'),
    /** Name of the method. */
    method: t.string,
    /** The method's complete configuration, defaults filled in. */
    config: t.UnknownRecord,
    /** All of the problem's configuration: with `method` and `config` it is what a run can be resumed from. */
    problem: t.UnknownRecord,
    /** Sizes of the sets, and a hash over their content, by which a resumed run knows its data again. */
    data: t.readonly(
      t.strict({ train: Count, validation: Count, test: nullable(Count), fingerprint: t.string }),
      'data',
    ),
    /** Name of the backend that trained. */
    backend: t.string,
    versions: dictionaryOf(t.string, 'an object of texts'),
  }),
  'Header',
)
/** The first line of a log. */
export type Header = t.TypeOf<typeof Header>

/**
 * The version that a run with this configuration is logged in: what no vector is packed in stays readable for programs
 * that know version 1 only.
 */
export const versionFor = ({ space }: Header['config']): Header['version'] =>
  Array.isArray(space) && space.length > longestPlain ? packedVersion : version

/** What vectors a place in a log may refer to; `null`: all are written out. */
export type Packing = Known | null

/** At the start of a log of this version. */
export const packingOf = (stated: unknown): Packing => (stated === packedVersion ? nothingKnown : null)

/** One line of a log, read but not yet believed. */
export interface LogLine {
  /** Counted from 1, as editors do. */
  readonly line: number
  /** The line's JSON without the digest. */
  readonly body: string
  /** Its content, every vector unpacked. */
  readonly value: Readonly<Record<string, unknown>>
  /** What its vectors may refer to, and those of the line after it; left out: every vector is written out. */
  readonly packing?: { readonly before: Packing; readonly after: Packing }
  /** The digest that the text up to here has, and the one that the line states. */
  readonly digest: { readonly expected: string; readonly found: string }
}

/** The header's text, without its digest. */
export const encodeHeader = (header: Header): string => {
  const { version, method, config, problem, data, backend, versions } = header
  return JSON.stringify({ format, version, method, config, problem, data, backend, versions })
}

/** What a line after the header says. `observation` is null for the transition that `init` gave. */
export interface LogRecord extends Pick<Transition<unknown>, 'commands' | 'info'> {
  readonly step: number
  readonly observation: Observation | null
}

/** The text of one record, without its digest, in a log of version 1. */
export const encodeRecord = (
  step: number,
  observation: LogRecord['observation'],
  { commands, info }: Pick<LogRecord, 'commands' | 'info'>,
): string => JSON.stringify({ step, observation, commands, info })

/** The text of one record, without its digest, and what the next one may refer to. */
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

/** A line of the log from its text and digest. */
export const seal = (body: string, digest: string): string => `${body.slice(0, -1)},"digest":"${digest}"}`

const sealing = /^,"digest":"([0-9a-f]{16})"\}$/
const sealingLength = seal('{}', '0'.repeat(16)).length - 1

/** The inverse of {@link seal}. */
export const unseal = (line: string): O.Option<{ readonly body: string; readonly digest: string }> =>
  pipe(
    O.fromNullable(sealing.exec(line.slice(-sealingLength))?.[1]),
    O.map(digest => ({ body: `${line.slice(0, -sealingLength)}}`, digest })),
  )

const isDigit = (char: string | undefined): boolean => char !== undefined && char >= '0' && char <= '9'

/** Whether a number's digits begin here: not within one, nor in its fraction or exponent. */
const beginsDigits = (text: string, i: number): boolean => {
  if (!isDigit(text[i])) return false
  const [before = '', last = ''] = [text[i - 2], text[i - 1]]
  return last === '-' ? !/[eE]/.test(before) : !/[\d.eE+]/.test(last)
}

/**
 * A number whose leading digit was changed to 0 is no JSON any more. It is read all the same, so that replay can
 * name its field; the digest is of the text as it was found, so the line is never taken for an unchanged one.
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

/** The JSON object that the body of a line stands for. Errors: a clause that says what the text is instead. */
export const parse = (body: string): E.Either<string, Readonly<Record<string, unknown>>> =>
  pipe(
    parseObject(limits)(body),
    E.alt(() => parseObject(limits)(withoutLeadingZeros(body))),
  )

/** The content of a line, and what the line after may refer to. */
export interface Unpacked extends Pick<LogLine, 'value'> {
  readonly packing: Packing
}

/** The inverse of {@link packRecord}: every vector is a list of numbers. Errors: as those of {@link parse}. */
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
