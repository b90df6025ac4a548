/**
 * Stops at every file operation below a folder: what a killed process has done up to there is what a kill at that moment leaves.
 *
 * It replaces the functions of `node:fs` and `node:fs/promises` that change files. A write is done in two halves, with a stop between
 * them.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { resolve, sep } from 'node:path'

/** Called before each operation. */
export type Stop = (operation: string) => void

type Fs = typeof fs
// The object behind the module, whose properties can be set.
const sync = fs
const promises: { -readonly [K in 'open' | 'rename' | 'rm']: Fs['promises'][K] } = sync.promises

const bytesOf = (data: unknown): Buffer =>
  typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as Uint8Array)
const halves = (data: unknown): readonly [Buffer, Buffer] => {
  const bytes = bytesOf(data)
  const middle = Math.ceil(bytes.length / 2)
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

/** Calls `stop` before each operation on a path below `folder`, or on the folder. Returns how to end that. */
export const atEachOperation = (folder: string, stop: Stop): (() => void) => {
  const top = resolve(folder)
  const files = new Map<number, string>()
  const before = { ...sync, promises: { ...promises } }
  // What `stop` does is no operation, and what a function of the module calls itself belongs to that one.
  let inside = false
  const within = <A>(act: () => A): A => {
    const outer = inside
    inside = true
    try {
      return act()
    } finally {
      inside = outer
    }
  }
  const isBelow = (path: unknown): boolean => {
    const where = typeof path === 'number' ? (files.get(path) ?? '') : resolve(String(path))
    return where === top || where.startsWith(top + sep)
  }
  const at = (operation: string, path: unknown): void => {
    if (inside || !isBelow(path)) return
    const where = typeof path === 'number' ? (files.get(path) ?? '') : resolve(String(path))
    within(() => stop(`${operation} ${where.slice(top.length + 1)}`))
  }

  type Any = (...all: ReadonlyArray<unknown>) => unknown
  const plain = ['mkdirSync', 'rmSync', 'unlinkSync', 'ftruncateSync', 'fsyncSync'] as const
  const named = ['renameSync', 'linkSync'] as const
  const writes = ['writeFileSync', 'appendFileSync'] as const
  const replace = (name: keyof Fs, by: Any): void => {
    ;(sync as Record<string, unknown>)[name] = by
  }
  const original = (name: keyof Fs): Any => before[name] as Any

  for (const name of plain)
    replace(name, (...all) => {
      at(name, all[0])
      return within(() => original(name)(...all))
    })
  for (const name of named)
    replace(name, (...all) => {
      at(name, all[1])
      return within(() => original(name)(...all))
    })
  replace('openSync', (path, flags = 'r', mode) => {
    if (flags !== 'r') at('openSync', path)
    const file = within(() => original('openSync')(path, flags, mode))
    if (typeof path === 'string' && typeof file === 'number') files.set(file, resolve(path))
    return file
  })
  replace('closeSync', file => {
    if (typeof file === 'number') files.delete(file)
    return within(() => original('closeSync')(file))
  })
  for (const name of writes)
    replace(name, (file, data, options) => {
      if (inside || !isBelow(file)) return original(name)(file, data, options)
      const [first, rest] = halves(data)
      at(name, file)
      within(() => original(name)(file, first, options))
      at(`the rest of ${name}`, file)
      return within(() => original(typeof file === 'number' ? name : 'appendFileSync')(file, rest))
    })
  promises.open = async (path, flags, mode) => {
    if (flags !== 'r') at('open', path)
    const file = await before.promises.open(path, flags, mode)
    const [writeFile, flush] = [file.writeFile.bind(file), file.sync.bind(file)]
    file.writeFile = async data => {
      const [first, rest] = halves(data)
      at('writeFile', path)
      await writeFile(first)
      at('the rest of writeFile', path)
      await writeFile(rest)
    }
    file.sync = async () => {
      at('sync', path)
      await flush()
    }
    return file
  }
  promises.rename = async (from, to) => {
    at('rename', to)
    await before.promises.rename(from, to)
  }
  promises.rm = async (path, options) => {
    at('rm', path)
    await before.promises.rm(path, options)
  }
  syncBuiltinESMExports()

  return () => {
    // Modules of Node may keep a replaced function.
    inside = true
    for (const name of [...plain, ...named, ...writes, 'openSync', 'closeSync'] as const)
      replace(name, original(name))
    Object.assign(promises, {
      open: before.promises.open,
      rename: before.promises.rename,
      rm: before.promises.rm,
    })
    syncBuiltinESMExports()
  }
}
