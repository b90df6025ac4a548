/** Names partly filled folders, and removes those of killed processes: they are large, and nothing else removes them. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'

const pattern = /^\.(\d+)-[\w-]+\.partial$/

/** The name of a new folder that this process fills, and then renames or removes. */
export const partialName = (): string => `.${process.pid}-${randomUUID()}.partial`

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    // EPERM: the process exists, but we may not signal it.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}

/** Removes the partial folders of processes that have ended; those of running processes stay. */
export const removeLeftovers = (folder: string): void => {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const pid = pattern.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(folder, name), { recursive: true, force: true })
  }
}
