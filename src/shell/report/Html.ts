/**
 * HTML whose every part from outside is escaped: what is put into a template is text, unless it was made by a template
 * itself. A run folder may hold anything; nothing in it may become markup.
 */

/** Markup. Only {@link html} and {@link trusted} make it. */
export interface Html {
  readonly _tag: 'Html'
  readonly markup: string
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Control characters that HTML does not allow, and those that turn the direction of what follows them. */
const unseemly =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g

/** Text as it may stand in content and in a quoted attribute. */
export const escaped = (text: string): string =>
  text.replace(unseemly, '\ufffd').replace(/[&<>"']/g, char => entities[char]!)

/** Markup that this program made by other means than a template. */
export const trusted = (markup: string): Html => ({ _tag: 'Html', markup })

type Part = string | number | Html | ReadonlyArray<Html>

const markupOf = (part: Part): string => {
  if (typeof part === 'string') return escaped(part)
  if (typeof part === 'number') return escaped(String(part))
  return '_tag' in part ? part.markup : part.map(({ markup }) => markup).join('')
}

/** Markup from a template; its parts are escaped, but for markup. Attributes must be quoted. */
export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  trusted(strings.reduce((whole, string, i) => whole + markupOf(parts[i - 1]!) + string))
