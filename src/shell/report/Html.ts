/**
 * HTML templates that escape everything put into them, except markup made by a template. A run folder may contain any
 * text, and none of it may become markup.
 */

/** Markup, made only by {@link html} and {@link trusted}. */
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

/** Control characters that HTML forbids, and those that change the direction of the following text. */
const forbidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g

/** Escapes text for content and for quoted attributes. */
export const escaped = (text: string): string =>
  text.replace(forbidden, '\ufffd').replace(/[&<>"']/g, char => entities[char]!)

/** Marks text as safe markup that this program has made without a template. */
export const trusted = (markup: string): Html => ({ _tag: 'Html', markup })

type Part = string | number | Html | ReadonlyArray<Html>

const markupOf = (part: Part): string => {
  if (typeof part === 'string') return escaped(part)
  if (typeof part === 'number') return escaped(String(part))
  return '_tag' in part ? part.markup : part.map(({ markup }) => markup).join('')
}

/** Makes markup from a template. All parts except markup are escaped. Attributes must be quoted. */
export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  trusted(strings.reduce((whole, string, i) => whole + markupOf(parts[i - 1]!) + string))
