/** The text of a thrown value. Even `String` of some values throws. */
import { shown } from './shown.js'

/** The message of an error, or the value that was thrown. */
export const thrown = (cause: unknown): string => {
  try {
    return cause instanceof Error ? cause.message : String(cause)
  } catch {
    return shown(cause, 60)
  }
}
