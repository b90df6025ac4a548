/** Folders that a process was filling when it was killed: they are large, and nobody else takes them away. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'

const pattern = /^\.(\d+)-[\w-]+\.partial$/

/** A name for a folder that this process fills and then renames or removes. */
export const partialName = (): string => `.${process.pid}-${randomUUID()}.partial`

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    // A process that we may not signal is one that is there.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}

/** Removes what processes that are no more left in a folder; what others are at work on stays. */
export const removeLeftovers = (folder: string): void => {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const pid = pattern.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(folder, name), { recursive: true, force: true })
  }
}
