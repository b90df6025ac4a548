/** Runs a program to its end, with its wall time and the most memory that it ever held. Linux only: reads /proc. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

/** Of a process and all its threads, in MB; 0 where it has ended. */
const highWater = (pid: number): number => {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? 0 : Number(kilobytes) / 1024
  } catch {
    return 0
  }
}

/** Seconds and megabytes of `node` with these arguments. Rejects where it fails, with what it said. */
export const measuredRun = (
  args: ReadonlyArray<string>,
): Promise<{ readonly seconds: number; readonly megabytes: number; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [output, errors, megabytes] = ['', '', 0]
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    // The kernel keeps the highest value, so only what is added after the last look is missed.
    const look = setInterval(() => {
      megabytes = Math.max(megabytes, highWater(child.pid ?? 0))
    }, 50)
    child.on('error', reject)
    child.on('close', code => {
      clearInterval(look)
      if (code === 0) resolve({ seconds: (performance.now() - began) / 1000, megabytes, output })
      else reject(new Error(`${args.join(' ')} ended with ${code}: ${errors.slice(-2000)}`))
    })
  })
