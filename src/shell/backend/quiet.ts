/**
 * Keeps the backends from talking over the program, without hiding what they have to say.
 *
 * Two habits are dealt with: the cpu backend greets everyone in Node with an advertisement for tfjs-node on its
 * first use; and the wasm module installs process-wide handlers for uncaught errors that print a page of its own
 * source before rethrowing.
 */
const greeting = 'looks like you are running TensorFlow.js in Node.js'

/** Runs `f` with the greeting, and nothing else, filtered out of `console.warn`. */
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

/** Runs `f`, then takes away the error handlers that it left on the process. */
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
