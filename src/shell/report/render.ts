/** Draws figures as SVG with Vega, without a browser. Vega is an optional dependency, and loaded only here. */
import { messageOf } from '../base/messageOf.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TopLevelSpec } from 'vega-lite'
import { optional } from '../base/optional.js'
import { environment, type ShellError } from '../base/ShellError.js'
import { inTags } from './inTags.js'
import type { Spec } from './figures/Figure.js'
import { config } from './figures/theme.js'

/** A drawn figure. */
export interface Drawn {
  /** A complete SVG document. */
  readonly svg: string
  /** The warnings of Vega-Lite's compiler; empty for a correct specification. */
  readonly warnings: ReadonlyArray<string>
}

/** The complete specification, which other Vega-Lite tools can read from a file. */
export const complete = (spec: Spec): Spec => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  ...spec,
  config,
})

/** Renumbers the clip paths of a picture from 0, so that equal pictures are equal text: Vega counts over all pictures. */
const renumbered = (svg: string): string => {
  const names = new Map<string, string>()
  const renumber = (_: string, before: string, name: string): string => {
    const own = names.get(name) ?? `clip${names.size}`
    names.set(name, own)
    return before + own
  }
  return inTags(tag => tag.replace(/(\bid="|url\(#)(clip\d+)/g, renumber))(svg)
}

/** Draws a specification. Errors: `Environment` if Vega is not installed or cannot draw it. */
export const draw = (spec: Spec): TE.TaskEither<ShellError, Drawn> =>
  pipe(
    optional(() => Promise.all([import('vega'), import('vega-lite')]), 'no figure can be drawn'),
    TE.chain(([vega, vegaLite]) =>
      TE.tryCatch(
        async () => {
          const warnings: Array<string> = []
          const logger = vega.logger(vega.Warn)
          const note = (...messages: ReadonlyArray<unknown>): typeof logger => {
            warnings.push(messages.map(String).join(' '))
            return logger
          }
          logger.warn = note
          logger.error = note
          // A copy, since Vega modifies its argument.
          const own = JSON.parse(JSON.stringify(complete(spec))) as TopLevelSpec
          const compiled = vegaLite.compile(own, { logger })
          const loader = vega.loader()
          // A figure contains all its data, so nothing may be loaded.
          loader.load = () => Promise.reject(new Error('a figure of a report loads nothing'))
          const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logger, loader })
          const svg = renumbered(await view.toSVG())
          view.finalize()
          return { svg, warnings }
        },
        error =>
          environment(
            `A figure cannot be drawn (${messageOf(error)}). This is a bug of the ` +
              'program or of the installed version of vega; please report it with the run.',
          ),
      ),
    ),
  )
