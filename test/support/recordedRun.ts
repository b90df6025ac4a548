/** Runs of the test method on the closed form, recorded in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Outcome } from '../../src/core/protocol/Info.js'
import type { Method } from '../../src/core/protocol/Method.js'
import type { Header } from '../../src/core/log/RunLog.js'
import { drive, start, type Hooks } from '../../src/shell/record/driver.js'
import type { Interpreter } from '../../src/shell/record/Interpreter.js'
import { create } from '../../src/shell/record/logFile.js'
import type { ShellError } from '../../src/shell/base/ShellError.js'
import { closedForm } from './closedForm.js'
import { sampleAndDescend, type SampleAndDescendConfig } from './sampleAndDescend.js'

export const space = [
  { name: 'x1', lower: -2, upper: 2, scale: 'linear' },
  { name: 'x2', lower: 0, upper: 1, scale: 'log' },
] as const

export const configOf = (overrides: Partial<SampleAndDescendConfig> = {}): SampleAndDescendConfig => ({
  space,
  seed: 7,
  solves: 4,
  rounds: 3,
  steps: 10,
  ...overrides,
})

export const headerOf = (method: string, config: object): Header => ({
  format: 'bilevel-hpo/run',
  version: 1,
  method,
  config: Object.fromEntries(Object.entries(config)),
  problem: { closedForm: true },
  data: { train: 50, validation: 20, test: null, fingerprint: '0123456789abcdef' },
  backend: 'none',
  versions: { 'bilevel-hpo': '0.0.0' },
})

export const noHooks: Hooks = {
  onTransition: () => undefined,
  onQuestion: () => undefined,
  stopRequested: () => false,
}

/** A folder that exists while `use` runs. */
export const withFolder = async <A>(use: (folder: string) => Promise<A> | A): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-test-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const right = <F, A>(result: E.Either<F, A>): A =>
  pipe(
    result,
    E.getOrElseW((error): never => {
      throw new Error(`expected a Right, got ${JSON.stringify(error)}`)
    }),
  )

export const left = <F, A>(result: E.Either<F, A>): F =>
  pipe(
    result,
    E.match(
      error => error,
      (): never => {
        throw new Error('expected a Left')
      },
    ),
  )

/** Records a run of any method. */
export const recordMethod =
  <C extends object, S>(method: Method<C, S>) =>
  async (
    folder: string,
    config: C,
    interpreter: Interpreter,
    hooks: Hooks = noHooks,
  ): Promise<E.Either<ShellError, Outcome>> => {
    const log = right(await create(join(folder, 'run.jsonl'))(headerOf(method.name, config))())
    const result = await drive(method)({ interpreter, log, hooks })(right(start(method)(config)))()
    log.close()
    return result
  }

/** Records a run of random search. */
export const record = (
  folder: string,
  overrides: Partial<SampleAndDescendConfig> = {},
  interpreter: Interpreter = closedForm(),
  hooks: Hooks = noHooks,
): Promise<E.Either<ShellError, Outcome>> =>
  recordMethod(sampleAndDescend)(folder, configOf(overrides), interpreter, hooks)
