/** Kinds of damage to a file of weights in a run's folder, for tests that want each of them to be named. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A file that is damaged, with other files to take bytes from. */
export interface Target {
  readonly path: string
  /** The file of other weights of this run. */
  readonly other: string
  /** The file of the same name, of another run. */
  readonly foreign: string
  /** A number in [0, 1) that says where. */
  readonly where: number
}

export interface Damage {
  readonly does: (target: Target) => void
  /** Whether the losses of the weights show it. Without a checksum nothing else does. */
  readonly measurable: boolean
}

const edited =
  (edit: (bytes: Buffer, target: Target) => Buffer) =>
  (target: Target): void =>
    writeFileSync(target.path, edit(readFileSync(target.path), target))

const floats = (bytes: Buffer): Float32Array =>
  Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i))
const bytesOf = (values: Float32Array): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeFloatLE(value, 4 * i))
  return bytes
}
const valued = (edit: (values: Float32Array, target: Target) => Float32Array): ((target: Target) => void) =>
  edited((bytes, target) => bytesOf(edit(floats(bytes), target)))

const flipped = (
  position: (length: number, where: number) => number,
  bit: number,
): ((target: Target) => void) =>
  edited((bytes, { where }) => {
    const at = position(bytes.length / 4, where)
    bytes[4 * at + Math.floor(bit / 8)]! ^= 1 << (bit % 8)
    return bytes
  })

const replaced =
  (put: (path: string) => void) =>
  ({ path }: Target): void => {
    rmSync(path)
    put(path)
  }

const swapped = (a: string, b: string): void => {
  renameSync(a, `${a}.swap`)
  renameSync(b, a)
  renameSync(`${a}.swap`, b)
}

const seal = (path: string): string => `${path}.sha256`

/** Every other pseudo-random byte, from a seed. */
const noise = (length: number, where: number): Buffer => {
  let state = Math.floor(where * 2 ** 31) | 1
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      return state >> 16
    }),
  )
}

const seen = (does: (target: Target) => void): Damage => ({ does, measurable: true })
const hidden = (does: (target: Target) => void): Damage => ({ does, measurable: false })

/** Damage to the bytes of a file, or to the file as a whole. It is named with and without a checksum, if it is measurable. */
export const damages: Readonly<Record<string, Damage>> = {
  empty: seen(edited(() => Buffer.alloc(0))),
  'one byte': seen(edited(bytes => bytes.subarray(0, 1))),
  'without its last byte': seen(edited(bytes => bytes.subarray(0, -1))),
  'without its last weight': seen(edited(bytes => bytes.subarray(0, -4))),
  'cut anywhere': seen(edited((bytes, { where }) => bytes.subarray(0, Math.floor(where * bytes.length)))),
  'cut to half': seen(edited(bytes => bytes.subarray(0, bytes.length / 2))),
  'without its first weight': seen(edited(bytes => bytes.subarray(4))),
  'a byte longer': seen(({ path }) => appendFileSync(path, '\n')),
  'a weight longer': seen(({ path }) => appendFileSync(path, Buffer.alloc(4))),
  'twice itself': seen(edited(bytes => Buffer.concat([bytes, bytes]))),
  'as long as a disk': seen(({ path }) => truncateSync(path, 2 ** 36)),
  zeros: seen(edited(bytes => Buffer.alloc(bytes.length))),
  'all bits set': seen(edited(bytes => Buffer.alloc(bytes.length, 0xff))),
  'zero from the middle on': seen(edited(bytes => bytes.fill(0, bytes.length / 2))),
  'zero up to the middle': seen(edited(bytes => bytes.fill(0, 0, bytes.length / 2))),
  'a hole of a sector': hidden(
    edited((bytes, { where }) => {
      const from = Math.floor((where * bytes.length) / 512) * 512
      // A sector of zeros may be as the run wrote it; this one is not.
      return bytes.fill(0x11, from, Math.min(from + 512, bytes.length))
    }),
  ),
  'not a number at its head': seen(valued(values => values.fill(NaN, 0, 1))),
  'infinite at its tail': seen(valued(values => values.fill(Infinity, values.length - 1))),
  'a high bit of its head flipped': hidden(flipped(() => 0, 30)),
  'a high bit of its middle flipped': hidden(flipped(length => Math.floor(length / 2), 29)),
  'a high bit of its tail flipped': hidden(flipped(length => length - 1, 30)),
  'its lowest bit flipped': hidden(flipped(() => 0, 0)),
  'any bit flipped': hidden(target =>
    flipped((length, where) => Math.floor(where * length), Math.floor(target.where * 1024) % 32)(target),
  ),
  negated: seen(valued(values => values.map(value => -value))),
  reversed: seen(valued(values => values.reverse())),
  'twice as large': seen(valued(values => values.map(value => 2 * value))),
  'a little larger': hidden(valued(values => values.map(value => 1.00001 * value))),
  'of the other byte order': seen(edited(bytes => bytes.swap32())),
  'in double precision': seen(edited(bytes => Buffer.from(Float64Array.from(floats(bytes)).buffer))),
  'random bytes': seen(edited((bytes, { where }) => noise(bytes.length, where))),
  text: seen(({ path }) => writeFileSync(path, 'Not weights.\n')),
  'swapped with other weights': seen(({ path, other }) => swapped(path, other)),
  'other weights': seen(({ path, other }) => copyFileSync(other, path)),
  'weights of another run': seen(({ path, foreign }) => copyFileSync(foreign, path)),
  'a folder': seen(replaced(path => mkdirSync(path))),
  'a pipe': seen(replaced(path => spawnSync('mkfifo', [path]))),
  'a device without an end': seen(replaced(path => symlinkSync('/dev/zero', path))),
  'a link to nothing': seen(replaced(path => symlinkSync('nowhere', path))),
  'a link to itself': seen(replaced(path => symlinkSync(path, path))),
  missing: seen(replaced(() => undefined)),
}

/** Damage to a checksum, or to file and checksum together. */
export const sealDamages: Readonly<Record<string, (target: Target) => void>> = {
  'an empty checksum': ({ path }) => writeFileSync(seal(path), ''),
  'a cut checksum': ({ path }) => writeFileSync(seal(path), readFileSync(seal(path)).subarray(0, -10)),
  'a changed checksum': ({ path }) => {
    const text = readFileSync(seal(path), 'latin1')
    writeFileSync(
      seal(path),
      text.replace(/\b[0-9a-f]{64}\b/, digest => (digest[0] === '0' ? '1' : '0') + digest.slice(1)),
    )
  },
  'a binary checksum': ({ path, where }) => writeFileSync(seal(path), noise(110, where)),
  'an endless checksum': ({ path }) => truncateSync(seal(path), 2 ** 36),
  'a folder as checksum': ({ path }) => {
    rmSync(seal(path))
    mkdirSync(seal(path))
  },
  'the checksum of other weights': ({ path, other }) => copyFileSync(seal(other), seal(path)),
  'the checksum of another run': ({ path, foreign }) => copyFileSync(seal(foreign), seal(path)),
  'other weights with their checksum': ({ path, other }) => {
    copyFileSync(other, path)
    copyFileSync(seal(other), seal(path))
  },
  'swapped with other weights, and the checksums too': ({ path, other }) => {
    swapped(path, other)
    swapped(seal(path), seal(other))
  },
  'weights of another run with their checksum': ({ path, foreign }) => {
    copyFileSync(foreign, path)
    copyFileSync(seal(foreign), seal(path))
  },
  'a file in the place of the folder': ({ path }) => {
    rmSync(dirname(path), { recursive: true })
    writeFileSync(dirname(path), '')
  },
}
