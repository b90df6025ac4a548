/**
 * What of the wheel goes where in tfjs-node's folder `deps`, planned before anything is written. Pure.
 *
 * tfjs-node links against `libtensorflow` and `libtensorflow_framework` of version 2.9.1, by those names. The wheel's
 * `libtensorflow_cc` exports the whole C interface, so that links with the expected names are all that is missing.
 */
import * as E from 'fp-ts/lib/Either.js'

/** An entry of a zip file, as it announces itself. */
export interface Member {
  readonly name: string
  /** Unpacked; `undefined` where the archive does not say. */
  readonly bytes: number | undefined
}

export interface PlannedFile {
  /** Its path in the wheel. */
  readonly member: string
  /** Its path in `deps`, with `/` on every platform. */
  readonly to: string
  readonly bytes: number
}

/** A symbolic link in `deps`; `target` is relative to the link's own folder. */
export interface PlannedLink {
  readonly at: string
  readonly target: string
}

export interface Layout {
  readonly files: ReadonlyArray<PlannedFile>
  readonly links: ReadonlyArray<PlannedLink>
  readonly bytes: number
}

/** Raised when the plan changes, so that what an earlier version laid out is laid out again. */
export const layoutVersion = 1

/** The most that is unpacked: the wheel of tensorflow-cpu 2.21.0 comes to 853 MB. */
export const maxUnpackedBytes = 2 ** 30

const core = 'libtensorflow_cc.so.2'
const framework = 'libtensorflow_framework.so.2'

const headers = 'tensorflow/include/'

/** What the addon's sources include, and what that includes; paths below {@link headers}. */
const headerPrefixes = [
  'tensorflow/c/',
  'tensorflow/core/platform/ctstring',
  'tsl/platform/ctstring',
  'xla/tsl/c/',
]

/** The place of a member in `deps`, or `null` for what is not wanted. */
export const placeOf = (member: string): string | null => {
  if (member === `tensorflow/${core}` || member === `tensorflow/${framework}`)
    return `lib/${member.slice('tensorflow/'.length)}`
  if (!member.startsWith(headers) || !member.endsWith('.h')) return null
  const path = member.slice(headers.length)
  return headerPrefixes.some(prefix => path.startsWith(prefix)) ? `include/${path}` : null
}

const links: ReadonlyArray<PlannedLink> = [
  // The name that the linker looks for, and the one by which tfjs-node's installer knows that all is there.
  { at: 'lib/libtensorflow.so', target: core },
  { at: 'lib/libtensorflow.so.2.9.1', target: core },
  { at: 'lib/libtensorflow_framework.so', target: framework },
  { at: 'lib/libtensorflow_framework.so.2.9.1', target: framework },
]

const required: ReadonlyArray<string> = [
  `lib/${core}`,
  `lib/${framework}`,
  'include/tensorflow/c/c_api.h',
  'include/tensorflow/c/eager/c_api.h',
]

const plain = /^[\w+-][\w+.-]*$/

/** Whether a path stays below the folder that it is put into, on every platform. */
const staysInside = (path: string): boolean => path.split('/').every(part => plain.test(part))

/**
 * The plan for an archive of these members, in their order. Left, with the problem as half a sentence: something
 * wanted is missing, is there twice, says nothing of its size, leads out of the folder, or all of it is too much.
 */
export const planOf = (members: ReadonlyArray<Member>): E.Either<string, Layout> => {
  const files: Array<PlannedFile> = []
  const places = new Set<string>()
  let total = 0
  for (const { name, bytes } of members) {
    const to = placeOf(name)
    if (to === null) continue
    if (!staysInside(to))
      return E.left(`its member ${JSON.stringify(name)} has a path that is not a plain one`)
    if (places.has(to)) return E.left(`its member ${JSON.stringify(name)} is there twice`)
    if (bytes === undefined) return E.left(`its member ${JSON.stringify(name)} does not say how large it is`)
    total += bytes
    if (total > maxUnpackedBytes)
      return E.left(`what is needed of it comes to more than ${maxUnpackedBytes} bytes unpacked`)
    places.add(to)
    files.push({ member: name, to, bytes })
  }
  const missing = required.find(path => !places.has(path))
  return missing === undefined
    ? E.right({ files, links, bytes: total })
    : E.left(`it holds nothing that could be ${missing}`)
}
