/** Making folders, and making them durable, for whoever writes files. */
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/**
 * Makes a folder and what lies above it, one by one: `mkdir` with `recursive` never comes back on file systems that
 * answer ENOENT where the parent is there, as /proc does. Throws what `mkdirSync` throws.
 */
export const makeFolders = (folder: string): void => {
  const path = resolve(folder)
  if (isFolder(path)) return
  if (dirname(path) !== path) makeFolders(dirname(path))
  try {
    mkdirSync(path)
  } catch (cause) {
    // Another process may have been faster.
    if (!isFolder(path)) throw cause
  }
}

/**
 * Makes the names in a folder durable, as far as the system can: not every one can open a folder, and none needs it
 * to go on.
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
    // What was written stays readable; only its surviving a power cut is less certain.
  }
}
