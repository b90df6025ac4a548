/** Logs as lines of text, to change and seal again: damage that no digest detects. */
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seal } from '../../src/core/log/RunLog.js'
import { digestOf, readLines } from '../../src/shell/record/logFile.js'

/** The lines of a log without their digests. */
export const bodiesOf = (text: string): ReadonlyArray<string> =>
  text
    .trimEnd()
    .split('\n')
    .map(line => line.replace(/,"digest":"[0-9a-f]{16}"\}$/, '}'))

/** A log of these lines, each with its correct digest. */
export const sealed = (bodies: ReadonlyArray<string>): string => {
  let before = ''
  return bodies
    .map(body => {
      before = digestOf(before, body)
      return `${seal(body, before)}\n`
    })
    .join('')
}

export const logs = fileURLToPath(new URL('../data/logs/', import.meta.url))

/** The committed run folders, by the version of the log and that of the numerics. */
export const recordedRuns: ReadonlyArray<{
  readonly version: number
  readonly numerics: number
  readonly name: string
  readonly folder: string
}> = readdirSync(logs).flatMap(v =>
  readdirSync(join(logs, v)).flatMap(n =>
    readdirSync(join(logs, v, n)).map(name => ({
      version: Number(v.replace('v', '')),
      numerics: Number(n.replace('numerics-', '')),
      name,
      folder: join(logs, v, n, name),
    })),
  ),
)

export const textOf = (folder: string): string => readFileSync(join(folder, 'run.jsonl'), 'utf8')

/** Every line of a log, read from its file. */
export const readAll = (
  path: string,
): ReadonlyArray<ReturnType<typeof readLines> extends Generator<infer L> ? L : never> => {
  const file = openSync(path, 'r')
  try {
    return [...readLines(file)]
  } finally {
    closeSync(file)
  }
}
