/**
 * The errors of a method: faults of its caller. Outcomes of the mathematics (budget spent, penalty at its cap, …) are
 * states of a method, never errors.
 */
export type MethodError =
  | { readonly _tag: 'InvalidConfig'; readonly field: string; readonly message: string }
  | { readonly _tag: 'UnknownCommand'; readonly id: number; readonly message: string }
  | { readonly _tag: 'UnexpectedObservation'; readonly id: number; readonly message: string }
  /** `id` is `null` where the observation names no command. */
  | { readonly _tag: 'InvalidObservation'; readonly id: number | null; readonly message: string }
  | { readonly _tag: 'Halted'; readonly message: string }
  | { readonly _tag: 'Numerical'; readonly message: string }

/** A configuration field that cannot be used. `message` is a full sentence: what, where, what to do. */
export const invalidConfig = (field: string, message: string): MethodError => ({
  _tag: 'InvalidConfig',
  field,
  message,
})

/** An answer to a command that was never issued, or was already answered. */
export const unknownCommand = (id: number): MethodError => ({
  _tag: 'UnknownCommand',
  id,
  message: `No open command has the id ${id}: it was never issued, or was answered before. Answer each command once.`,
})

/** An answer of the wrong kind for its command. */
export const unexpectedObservation = (id: number, expected: string, found: string): MethodError => ({
  _tag: 'UnexpectedObservation',
  id,
  message: `Command ${id} is answered by ${expected} or CommandFailed, not by ${found}.`,
})

/** An answer with unusable content: a wrong length, or a value that is not finite. */
export const invalidObservation = (id: number | null, message: string): MethodError => ({
  _tag: 'InvalidObservation',
  id,
  message,
})

/** The error for an observation that arrives after the method has halted. */
export const halted: MethodError = {
  _tag: 'Halted',
  message: 'The method has halted and takes no further observation.',
}

/** A computation that failed although its input was valid. */
export const numerical = (message: string): MethodError => ({ _tag: 'Numerical', message })
