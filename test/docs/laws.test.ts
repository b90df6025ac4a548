/** docs/laws.md says what the kit says: its tables, its examples, and the counterexample that one of them prints. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { report as passing } from '../../docs/examples/laws/anyMethod.js'
import { printed, report } from '../../docs/examples/laws/droppedMax.js'
import { catalogue, Laws } from '../../src/core/laws/index.js'
import { mutants } from '../laws/mutants/index.js'
import { unbroken } from '../laws/subjects.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const document = read('docs/laws.md')

const blocks = (language: string): ReadonlyArray<string> =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block]) => block!,
  )

/** The cells of the table under a heading. */
const table = (heading: string): ReadonlyArray<ReadonlyArray<string>> =>
  (document.split(`### \`${heading}\`\n`)[1]?.split('\n### ')[0] ?? '')
    .split('\n')
    .filter(line => line.startsWith('|'))
    .slice(2)
    .map(line =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map(cell => cell.trim().replaceAll('\\|', '|')),
    )

describe('docs/laws.md', () => {
  it.each(catalogue.map(({ name, laws }) => [name, laws] as const))(
    'lists every law of Laws.%s',
    (name, laws) => {
      // Prettier escapes and unescapes Markdown; what is compared is the text.
      const plain = (cell: string): string => cell.replaceAll(/[\\*_]/g, '')
      expect(table(`Laws.${name}`).map(row => row.map(plain))).toEqual(
        laws.map(law => [law.name, law.meaning, law.source].map(plain)),
      )
    },
  )

  it('prints the counterexample that the example prints', () => {
    expect(Laws.broken(report)).toEqual(['multiplier not negative'])
    expect(blocks('text')).toEqual([`${printed}\n`])
  })

  it('shows the code of the examples', () => {
    const published = (path: string): string =>
      read(path)
        .replace('../../../src/core/index.js', 'bilevel-hpo')
        .replace('../../../src/core/laws/index.js', 'bilevel-hpo/laws')
    expect(blocks('ts')).toEqual(
      ['anyMethod', 'droppedMax'].map(name => published(`docs/examples/laws/${name}.ts`)),
    )
    expect(Laws.passed(passing)).toBe(true)
  })

  it('counts the mutants', () => {
    const count = mutants.reduce((sum, { mutants: faulty }) => sum + faulty.length, 0)
    expect(document).toContain(`holds ${count} more single faults`)
    expect(document).toContain(`all ${count} mutants`)
  })

  it('states the figures of the long run', () => {
    const { kit, command, casesPerLaw, results } = JSON.parse(read('docs/results/laws.json')) as {
      readonly kit: string
      readonly command: string
      readonly casesPerLaw: number
      readonly results: ReadonlyArray<{ readonly name: string; readonly passed: boolean }>
    }
    expect(kit).toMatch(/^bilevel-hpo-.*\.tgz, installed$/)
    expect(command).toContain('--tarball')
    expect(document).toContain(`in ${casesPerLaw.toLocaleString('en')} cases each`)
    expect(casesPerLaw).toBeGreaterThanOrEqual(10_000)
    expect(results.every(({ passed }) => passed)).toBe(true)
    expect(results.map(({ name }) => name)).toEqual(unbroken.map(({ name }) => name))
  })
})
