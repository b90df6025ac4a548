/** The built program as its users meet it: a child process, its exit code and what it prints. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, vi } from 'vitest'
import { commandLine } from '../../src/shell/cli/commandLine.js'
import { deep } from '../support/cases.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const program = join(root, 'dist', 'bilevel.js')
export const npzFolder = join(root, 'test', 'data', 'mnist-1k-60-40')

if (!existsSync(program))
  throw new Error(`${program} is not there: these tests run the built program. Build it: npm run build.`)

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Starts a child of this Node; `ended` is what it comes to. */
export const startNode = (
  args: ReadonlyArray<string>,
  { cwd = root, env = {} }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const heard = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.err += text))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, ...heard }))
  })
  return { child, ended }
}

export const startBilevel = (
  args: ReadonlyArray<string>,
  options: Parameters<typeof startNode>[1] = {},
): ReturnType<typeof startNode> => startNode([program, ...args], options)

export const bilevel = (
  args: ReadonlyArray<string>,
  options: Parameters<typeof startNode>[1] = {},
): Promise<Ended> => startBilevel(args, options).ended

/** A thread has to be built, and the sources that run here are not. */
const withoutThreads = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  /^(tune|resume)$/.test(args[0] ?? '') && !args.includes('--workers') ? [...args, '--workers', '1'] : args

/**
 * The same commands in this process, one at a time, which saves starting one. `err` has all that is written to stderr meanwhile.
 * Not for what only a process has: signals, streams, threads, and what is loaded. `compare` starts built processes.
 */
export const bilevelHere = async (
  args: ReadonlyArray<string>,
  { cwd = root, env = {} }: Parameters<typeof startNode>[1] = {},
): Promise<Ended> => {
  const heard = { out: '', err: '' }
  const before = { cwd: process.cwd(), env: Object.keys(env).map(name => [name, process.env[name]] as const) }
  process.chdir(cwd)
  Object.assign(process.env, env)
  // A run's status goes there directly.
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    heard.err += String(text)
    return true
  })
  try {
    const code = await commandLine({
      out: text => void (heard.out += text),
      err: text => void (heard.err += text),
    })(withoutThreads(args))
    return { code, ...heard }
  } finally {
    stderr.mockRestore()
    process.chdir(before.cwd)
    for (const [name, value] of before.env)
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
  }
}

/**
 * Carries out a command of which only the exit code, the text and the files matter: in this process; in `npm run test:deep`, each in
 * a process of its own.
 */
export const carryOut = deep ? bilevel : bilevelHere

/** A folder of its own for a test file, gone when the file is done. */
export const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-e2e-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

/** Everything in a folder, at any depth, with the sizes of files. */
export const listing = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .map(entry => {
      const path = join(entry.parentPath, entry.name)
      return `${relative(folder, path)}${entry.isFile() ? ` ${readFileSync(path).length}` : '/'}`
    })
    .sort()

/**
 * A whole run in two seconds: 600 images train and 400 validate a 784-8-10 network; the validation images stand in
 * for the test set, so that nothing is downloaded.
 */
export const smallConfig = {
  data: {
    source: 'npz',
    train: join(npzFolder, 'train_dataset_1k_60.npz'),
    validation: join(npzFolder, 'validation_dataset_1k_40.npz'),
    test: join(npzFolder, 'validation_dataset_1k_40.npz'),
  },
  network: { kind: 'mlp', hidden: [8] },
  hyperparameters: { family: 'l2', per: 'layer', lower: -4, upper: 4 },
  solver: { epochs: 4 },
  method: {
    name: 'bilevel',
    design: { kind: 'sobol', size: 3 },
    solve: { coldEpochs: 12, warmEpochs: 5 },
    pair: { steps: 15 },
    budget: { lowerLevelSolves: 7, outerIterations: 4 },
  },
  seed: 3,
}

export const writeConfig = (path: string, config: unknown): string => {
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config))
  return path
}
