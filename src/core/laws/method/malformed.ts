/** Laws about answers that are not what the protocol says: a method decodes what it gets, and uses what it decoded. */
import * as E from 'fp-ts/lib/Either.js'
import { Observation } from '../../protocol/Observation.js'
import { each, every, type Law, silent, type Tested, tested, unless } from '../Law.js'
import type { Answered } from '../simulate/drive.js'
import { sameJson } from './agreement.js'
import type { MethodEvidence } from './evidence.js'

type MethodLaw = Law<MethodEvidence>

const source =
  'the contract of Method (core/protocol/Method.ts): step never throws, and a state is plain JSON'

/** Any value as an observation: a caller of `step` may pass anything. */
const passed = (value: unknown): Observation => value as Observation

/** The first answer of each kind, and the number of the step before it. */
const firstOfEachKind = ({ live }: MethodEvidence): ReadonlyArray<Answered & { readonly at: number }> => {
  const kinds = new Set<string>()
  return live().answered.flatMap((answered, at) => {
    const kind = `${answered.question._tag}, ${answered.observation._tag}`
    if (kinds.has(kind)) return []
    kinds.add(kind)
    return [{ ...answered, at }]
  })
}

/** Deep enough to exhaust the stack of code that recurses into it. */
const depth = 20_000

const nested = (): unknown => {
  let list: ReadonlyArray<unknown> = []
  for (let i = 0; i < depth; i++) list = [list]
  return list
}

const cyclic = (): unknown => {
  const circle: Record<string, unknown> = {}
  circle['id'] = circle
  return circle
}

/** Every access to it throws. */
const throwing = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Values that no field of an observation takes; a `reason` takes a text. */
const strangers: ReadonlyArray<readonly [what: string, value: () => unknown]> = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['a BigInt', () => 1n],
  ['a symbol', () => Symbol('hostile')],
  ['a function', () => () => 1],
  ['an empty object', () => ({})],
  ['an empty list', () => []],
  [`a list nested ${depth} times`, nested],
  ['an object that contains itself', cyclic],
  ['an object that throws when it is read', throwing],
  ['a packed vector of a trillion numbers', () => ({ all: 0, length: 1e12 })],
]

/** A sixth of the strangers for each field: six fields in a row get all of them. */
const strangersFor = (field: number): typeof strangers => strangers.filter((_, s) => (s + field) % 6 === 0)

/** What is not an observation, made from one that is. */
const malformed = (observation: Observation): ReadonlyArray<readonly [what: string, value: unknown]> => {
  const fields = Object.keys(observation)
  return [
    ...strangers.map(([what, value]) => [what, value()] as const),
    ['a text', 'LowerLevelSolved'],
    ['a list that holds the answer', [observation]],
    ['an object that inherits the answer', Object.create(observation)],
    ...fields.flatMap((field, i) => [
      [
        `an answer without its ${field}`,
        Object.fromEntries(Object.entries(observation).filter(([name]) => name !== field)),
      ] as const,
      ...strangersFor(i).map(
        ([what, value]) =>
          [`an answer whose ${field} is ${what}`, { ...observation, [field]: value() }] as const,
      ),
      ...(field === 'reason'
        ? []
        : [[`an answer whose ${field} is the text "1"`, { ...observation, [field]: '1' }] as const]),
    ]),
  ]
}

/** The most characters of a refusal that a person reads. */
const longest = 2000

export const malformedRefused: MethodLaw = {
  name: 'malformed refused',
  meaning:
    'Whatever is passed as an observation, step does not throw: what is not an answer of the protocol gives a Left with a readable sentence.',
  source,
  check: evidence =>
    each(firstOfEachKind(evidence), ({ observation, at }) =>
      each(malformed(observation), ([what, value]) => {
        const found = evidence.probe(at, passed(value))
        if (E.isRight(found)) return E.left(`the state after step ${at} accepted ${what}`)
        const { message } = found.left
        return unless(
          message.length <= longest && /^\S.*\s.*[.!]$/s.test(message),
          () => `it refuses ${what} with "${message.slice(0, longest)}", which is not a readable sentence`,
        )
      }),
    ),
}

export const decodedIsUsed: MethodLaw = {
  name: 'decoded answers used',
  meaning:
    'Every form of an answer that its codec accepts (packed vectors, unknown fields) gives the same transition as the decoded answer.',
  source,
  check: evidence =>
    each(firstOfEachKind(evidence), ({ observation, at }): E.Either<string, Tested> => {
      const plain = evidence.probe(at, observation)
      if (E.isLeft(plain)) return silent
      const forms: ReadonlyArray<readonly [string, unknown]> = [
        ['with an unknown field', { ...observation, surplus: { all: 0, length: 80 } }],
        ['as its codec writes it', JSON.parse(JSON.stringify(Observation.encode(observation)))],
      ]
      return each(forms, ([form, value]) => {
        const found = evidence.probe(at, passed(value))
        return E.isLeft(found)
          ? E.left(`the state after step ${at} refused the answer ${form}: ${found.left.message}`)
          : sameJson(`the transition after step ${at}, for the answer ${form}: `, plain.right, found.right)
      })
    }),
}

export const foreignWeights: MethodLaw = {
  name: 'foreign weights refused',
  meaning: 'An answer that names weights which are not those of its own command gives a Left.',
  source: 'core/protocol/Command.ts, weightsOf: the answer to the command id creates the weights w<id>',
  check: evidence =>
    each(firstOfEachKind(evidence), ({ question, observation, at }) =>
      'weights' in observation
        ? every(
            ['initial', `w${question.id + 1}`].map(weights =>
              E.isLeft(evidence.probe(at, { ...observation, weights }))
                ? tested
                : E.left(`the answer to command ${question.id} could name the weights ${weights}`),
            ),
          )
        : silent,
    ),
}
