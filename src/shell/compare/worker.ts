/** The main module of a child process, which carries out one run of a comparison. */
import { endWithParent } from './endWithParent.js'

// Before the modules that train, which take a second to load. Messages wait for their listener.
endWithParent()

void Promise.all([import('../record/Methods.js'), import('./serve.js')]).then(([{ methods }, { serve }]) =>
  serve(methods),
)
