/** Base64 of bytes (RFC 4648, §4, with padding). Uses nothing that only Node or only a browser has. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Two characters for each number of 12 bits, which halves the number of look-ups. */
const pairs: ReadonlyArray<string> = Array.from(
  { length: 4096 },
  (_, i) => alphabet[i >> 6]! + alphabet[i & 63]!,
)

/** The 6 bits of each character code; 64 for characters outside the alphabet. */
const sextets = new Uint8Array(128).fill(64)
for (let i = 0; i < 64; i++) sextets[alphabet.charCodeAt(i)] = i

const none = 64

/** The text of bytes. */
export const encode = (bytes: Uint8Array): string => {
  const whole = bytes.length - (bytes.length % 3)
  let text = ''
  for (let i = 0; i < whole; i += 3) {
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    text += pairs[bits >> 12]! + pairs[bits & 4095]!
  }
  switch (bytes.length - whole) {
    case 1:
      return `${text}${pairs[bytes[whole]! << 4]!}==`
    case 2: {
      const bits = (bytes[whole]! << 10) | (bytes[whole + 1]! << 2)
      return `${text}${pairs[bits >> 6]!}${alphabet[bits & 63]!}=`
    }
    default:
      return text
  }
}

/**
 * The number of bytes that a text encodes, computed from its length and padding only; `null` if the length is not a
 * multiple of 4.
 */
export const lengthOf = (text: string): number | null =>
  text.length % 4 !== 0
    ? null
    : (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)

/** The bytes of a text; `null` if {@link encode} cannot have written it. */
export const decode = (text: string): Uint8Array | null => {
  const length = lengthOf(text)
  if (length === null) return null
  const bytes = new Uint8Array(length)
  // `encode` sets the unused bits of the last character to zero.
  const spare = length % 3 === 1 ? 15 : length % 3 === 2 ? 3 : 0
  const significant = text.length - ((3 - (length % 3)) % 3)
  let at = 0
  let bits = 0
  let held = 0
  for (let i = 0; i < significant; i++) {
    const code = text.charCodeAt(i)
    const sextet = code < 128 ? sextets[code]! : none
    if (sextet === none) return null
    bits = ((bits << 6) | sextet) & 0xffff
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[at++] = bits >> held
    }
  }
  return held > 0 && (bits & spare) !== 0 ? null : bytes
}
