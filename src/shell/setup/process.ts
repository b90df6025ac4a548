/** Runs the setup's external programs to their end or a time limit, and keeps their last output. */
import { spawn } from 'node:child_process'
import type * as T from 'fp-ts/lib/Task.js'

export interface Program {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly cwd?: string
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  readonly limitSeconds: number
}

export interface Ended {
  readonly ok: boolean
  /** How it ended, as half a sentence. */
  readonly how: string
  /** The end of its stdout. */
  readonly out: string
  /** The last lines of its stdout and stderr. */
  readonly lastLines: ReadonlyArray<string>
}

const keptCharacters = 2 ** 16
const keptLines = 12

const tail = (text: string): string => text.slice(-keptCharacters)

const linesOf = (text: string): ReadonlyArray<string> =>
  text
    .split(/[\r\n]+/)
    .map(line => line.trimEnd())
    .filter(line => line !== '')

/** Runs a program. A time limit or a signal to this process kills the program and its child processes. Never fails. */
export const run = ({ file, args, cwd, env = {}, limitSeconds }: Program): T.Task<Ended> => {
  const grouped = process.platform !== 'win32'
  return () =>
    new Promise(resolve => {
      const child = spawn(file, [...args], {
        ...(cwd === undefined ? {} : { cwd }),
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A process group of its own, so that killing make also kills its compilers.
        detached: grouped,
        // On Windows npm is a .cmd file, which only a shell can run.
        shell: !grouped && file === 'npm',
      })
      let out = ''
      let all = ''
      let late = false
      const kill = (): void => {
        try {
          if (grouped && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
          else child.kill('SIGKILL')
        } catch {
          // The program has already ended.
        }
      }
      const stopped = (signal: NodeJS.Signals): void => {
        kill()
        process.exit(signal === 'SIGINT' ? 130 : 143)
      }
      const timer = setTimeout(() => {
        late = true
        kill()
      }, limitSeconds * 1000)
      process.once('SIGINT', stopped).once('SIGTERM', stopped)
      const end = (ok: boolean, how: string): void => {
        clearTimeout(timer)
        process.removeListener('SIGINT', stopped).removeListener('SIGTERM', stopped)
        resolve({ ok, how, out, lastLines: linesOf(all).slice(-keptLines) })
      }
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out = tail(out + text)
        all = tail(all + text)
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        all = tail(all + text)
      })
      child.on('error', error => end(false, `it could not be started (${error.message})`))
      child.on('close', (code, signal) =>
        end(
          code === 0 && !late,
          late
            ? `it took more than ${limitSeconds} s and was stopped`
            : signal !== null
              ? `it was ended by ${signal}`
              : `it ended with exit code ${code ?? 'unknown'}`,
        ),
      )
    })
}
