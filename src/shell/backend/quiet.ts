/**
 * Suppresses unwanted output of the backends, but not their warnings.
 *
 * At its first use in Node, the cpu backend prints an advertisement for tfjs-node. The wasm module installs process-wide
 * handlers for uncaught errors, which print a page of its own source before they rethrow.
 */
const greeting = 'looks like you are running TensorFlow.js in Node.js'

/** Runs `f`, and drops only the greeting from `console.warn`. */
export const withoutGreeting = <A>(f: () => A): A => {
  const warn = console.warn
  console.warn = (...message: ReadonlyArray<unknown>): void => {
    if (!message.some(part => typeof part === 'string' && part.includes(greeting))) warn(...message)
  }
  try {
    return f()
  } finally {
    console.warn = warn
  }
}

/** Runs `f`, then removes the error handlers that it added to the process. */
export const withoutErrorHandlers = async <A>(f: () => Promise<A>): Promise<A> => {
  const uncaught = new Set(process.listeners('uncaughtException'))
  const unhandled = new Set(process.listeners('unhandledRejection'))
  try {
    return await f()
  } finally {
    for (const listener of process.listeners('uncaughtException'))
      if (!uncaught.has(listener)) process.removeListener('uncaughtException', listener)
    for (const listener of process.listeners('unhandledRejection'))
      if (!unhandled.has(listener)) process.removeListener('unhandledRejection', listener)
  }
}
