/** Lays out a document as `npm run format` does. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, type FormatConfig } from 'oxfmt'

const settings = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../.oxfmtrc.json', import.meta.url)), 'utf8'),
) as FormatConfig

/** The text as it belongs in the file of that path, whose ending tells the language. Throws where it cannot be parsed. */
export const formatted = async (path: string, text: string): Promise<string> => {
  const { code, errors } = await format(path, text, settings)
  if (errors.length > 0) throw new Error(`${path} cannot be laid out: ${errors[0]!.message}`)
  return code
}
