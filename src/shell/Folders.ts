/** Making folders, for whoever writes files. */
import { mkdirSync, statSync } from 'node:fs'
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
