/**
 * The errors of the shell. Every message is one paragraph for a person: what is wrong, where, and what to do.
 */
export type ShellError =
  /** A configuration, an argument or a file that cannot be used; exit code 2. */
  | { readonly _tag: 'BadInput'; readonly message: string }
  /** The environment failed: network, disk or backend; exit code 2. */
  | { readonly _tag: 'Environment'; readonly message: string }
  /** A recorded run that does not replay as logged; exit code 1. */
  | { readonly _tag: 'Mismatch'; readonly message: string }
  /** The user stopped the run; the recorded part can be resumed; exit code 130. */
  | { readonly _tag: 'Interrupted'; readonly message: string }

export const badInput = (message: string): ShellError => ({ _tag: 'BadInput', message })
export const environment = (message: string): ShellError => ({ _tag: 'Environment', message })
export const mismatch = (message: string): ShellError => ({ _tag: 'Mismatch', message })
export const interrupted = (message: string): ShellError => ({ _tag: 'Interrupted', message })
