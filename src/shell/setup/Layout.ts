/**
 * Plans which files of the wheel go where in tfjs-node's folder `deps`, before anything is written. Pure.
 *
 * tfjs-node links against the names `libtensorflow` and `libtensorflow_framework` of version 2.9.1. The wheel's
 * `libtensorflow_cc` exports the whole C interface, so symbolic links with the expected names suffice.
 */
import * as E from 'fp-ts/lib/Either.js'

/** An entry of a zip file, with the name and size that its header states. */
export interface Member {
  readonly name: string
  /** The unpacked size; `undefined` if the archive does not state it. */
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

/** Increase this when the plan changes, so that folders of an earlier version are unpacked again. */
export const layoutVersion = 1

/** The limit of unpacked bytes; the wheel of tensorflow-cpu 2.21.0 needs 853 MB. */
export const maxUnpackedBytes = 2 ** 30

const core = 'libtensorflow_cc.so.2'
const framework = 'libtensorflow_framework.so.2'

const headers = 'tensorflow/include/'

/** The headers that the addon's sources include, directly or indirectly; paths below {@link headers}. */
const headerPrefixes = [
  'tensorflow/c/',
  'tensorflow/core/platform/ctstring',
  'tsl/platform/ctstring',
  'xla/tsl/c/',
]

/** The path of a member in `deps`, or `null` if the addon does not need it. */
export const placeOf = (member: string): string | null => {
  if (member === `tensorflow/${core}` || member === `tensorflow/${framework}`)
    return `lib/${member.slice('tensorflow/'.length)}`
  if (!member.startsWith(headers) || !member.endsWith('.h')) return null
  const path = member.slice(headers.length)
  return headerPrefixes.some(prefix => path.startsWith(prefix)) ? `include/${path}` : null
}

const links: ReadonlyArray<PlannedLink> = [
  // The linker looks for the first name; tfjs-node's installer checks whether the second exists.
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

/** Whether a path stays within its folder, on every platform. */
const staysInside = (path: string): boolean => path.split('/').every(part => plain.test(part))

/**
 * The plan for an archive of these members, in their order. Left: the problem as half a sentence. A needed member is
 * missing, appears twice, states no size or leads out of the folder, or the total is too large.
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
    if (places.has(to)) return E.left(`its member ${JSON.stringify(name)} appears twice`)
    if (bytes === undefined) return E.left(`its member ${JSON.stringify(name)} does not state its size`)
    total += bytes
    if (total > maxUnpackedBytes)
      return E.left(`its needed members have more than ${maxUnpackedBytes} bytes unpacked`)
    places.add(to)
    files.push({ member: name, to, bytes })
  }
  const missing = required.find(path => !places.has(path))
  return missing === undefined
    ? E.right({ files, links, bytes: total })
    : E.left(`it has no member for ${missing}`)
}
