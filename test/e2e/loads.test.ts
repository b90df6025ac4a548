/** What the built entries and commands load: the core alone, no tensors; the shell only what a command needs. */
import { readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deep } from '../support/cases.js'
import { recordedRuns } from '../support/logText.js'
import { numerics } from '../../src/core/log/numerics.js'
import { importing, loading, sourcesOf, type Loading } from './loaded.js'
import { program, root, scratch } from './support.js'

const folder = scratch()
const dist = join(root, 'dist')
let processes = 0
const notes = (): string => join(folder, `loaded${processes++}`)
const entry = (name: string): Promise<Loading> => importing(notes(), join(dist, `${name}.js`))

/** What the core may not load: what acts, and all that is not bundled with it. */
const foreign = ({ loaded }: Loading): ReadonlyArray<string> =>
  loaded.filter(path => !path.startsWith(dist + sep))

/** The sources of what was loaded, relative to the project. */
const sources = ({ loaded }: Loading): ReadonlyArray<string> =>
  loaded.flatMap(sourcesOf).map(path => relative(root, path))

const ofTheCore = /^src\/core\/(?!laws\/)|^node_modules\/(fp-ts|io-ts|pure-rand)\//

const tensors = ({ loaded }: Loading): ReadonlyArray<string> =>
  loaded.filter(path => /@tensorflow|tfjs/.test(path))

describe('the built core alone', () => {
  it('loads no tfjs, nothing of the shell and nothing that acts', async () => {
    const core = await entry('index')
    expect({ code: core.code, err: core.err, foreign: foreign(core) }).toEqual({
      code: 0,
      err: '',
      foreign: [],
    })
    expect(sources(core).filter(path => !ofTheCore.test(path))).toEqual([])
    // All of it: what only the shell uses of the core is in the same bundle.
    expect(sources(core).filter(path => path.startsWith('src/')).length).toBeGreaterThan(80)
    expect(core.loaded.length).toBeLessThan(5)
  })

  it('would be caught if it did', async () => {
    const shell = await entry('shell')
    expect(foreign(shell)).toContain('node:fs')
    expect(tensors(shell)).not.toEqual([])
    expect(sources(shell).some(path => path.startsWith('src/shell/'))).toBe(true)
  })

  it('shares no bundle with the shell or the laws', () => {
    const mixed = readdirSync(dist)
      .filter(name => name.endsWith('.js'))
      .filter(name => {
        const found = sourcesOf(join(dist, name)).map(path => ofTheCore.test(relative(root, path)))
        return found.includes(true) && found.includes(false)
      })
    expect(mixed).toEqual([])
  })
})

describe('without tensors', () => {
  it('loads bilevel-hpo/runs', async () => {
    const runs = await entry('runs')
    expect({ code: runs.code, tensors: tensors(runs) }).toEqual({ code: 0, tensors: [] })
    expect(sources(runs).some(path => path.startsWith('src/shell/'))).toBe(true)
  })

  it('replays bilevel replay', async () => {
    const recorded = recordedRuns.find(run => run.numerics === numerics)!.folder
    const replay = await loading(notes(), [program, 'replay', recorded])
    expect({ code: replay.code, tensors: tensors(replay) }).toEqual({ code: 0, tensors: [] })
  })

  it('prints bilevel --version, and loads none of the commands', async () => {
    for (const flag of deep ? ['--version', '-V'] : ['-V']) {
      const { code, out, loaded } = await loading(notes(), [program, flag])
      expect(code).toBe(0)
      expect(out).toMatch(/^\d+\.\d+\.\d+\n$/)
      const files = loaded.filter(path => !path.startsWith('node:'))
      expect(files).toContain(program)
      expect(files.length).toBeLessThan(4)
      expect(files.flatMap(sourcesOf).filter(path => /commandLine|[\\/]core[\\/]/.test(path))).toEqual([])
    }
  })
})
