/** Runs a program to its end, and measures its wall time and its peak memory. Linux only: reads /proc. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

/** Peak memory of a process and all its threads, in MB; 0 if it has ended. */
const highWater = (pid: number): number => {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? 0 : Number(kilobytes) / 1024
  } catch {
    return 0
  }
}

/** Seconds and megabytes of `node` with these arguments. Rejects if it fails, with its output. */
export const measuredRun = (
  args: ReadonlyArray<string>,
): Promise<{ readonly seconds: number; readonly megabytes: number; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [output, errors, megabytes] = ['', '', 0]
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    // The kernel keeps the highest value, so only growth after the last reading is missed.
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
