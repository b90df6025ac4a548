/** Creates folders and makes their entries durable. All code that writes files uses this. */
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/**
 * Creates a folder and its parents, one at a time. `mkdir` with `recursive` never returns on file systems such as
 * /proc, which answer ENOENT although the parent exists. Throws what `mkdirSync` throws.
 */
export const makeFolders = (folder: string): void => {
  const path = resolve(folder)
  if (isFolder(path)) return
  if (dirname(path) !== path) makeFolders(dirname(path))
  try {
    mkdirSync(path)
  } catch (cause) {
    // Another process may have created it first.
    if (!isFolder(path)) throw cause
  }
}

/**
 * Makes the entries of a folder durable (fsync). Some systems cannot open a folder; there this does nothing.
 */
export const syncFolder = (folder: string): void => {
  try {
    const file = openSync(folder, 'r')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch {
    // The files stay readable; only after a power cut they may be lost.
  }
}
