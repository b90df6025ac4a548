import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safely } from '../../../src/shell/cli/safely.js'
import { cases } from '../../support/cases.js'

/** What a write does: it succeeds, throws at once, or fails after the command has gone on. */
const Fate = fc.constantFrom('written', 'throws', 'fails later')

class Stream extends EventEmitter {
  readonly fates: string[]
  readonly code: string
  constructor(fates: ReadonlyArray<string>, code: string) {
    super()
    this.fates = [...fates]
    this.code = code
  }
  write(): void {
    const error = Object.assign(new Error('lost'), { code: this.code })
    const fate = this.fates.shift()
    if (fate === 'throws') throw error
    if (fate === 'fails later') queueMicrotask(() => this.emit('error', error))
  }
}

const code = fc.constantFrom('EPIPE', 'ENOSPC', 'EIO', 'ERR_STREAM_DESTROYED')
const writes = fc.array(fc.tuple(fc.constantFrom('out' as const, 'err' as const), Fate), { maxLength: 12 })

describe('output streams', () => {
  it('never fail a command, and the exit code tells of a lost stdout alone', () =>
    fc.assert(
      fc.asyncProperty(writes, code, code, fc.boolean(), async (all, outCode, errCode, late) => {
        const of = (name: string): ReadonlyArray<string> =>
          all.flatMap(([to, fate]) => (to === name ? [fate] : []))
        const process: { stdout: Stream; stderr: Stream; exitCode?: number } = {
          stdout: new Stream(of('out'), outCode),
          // Behind these are the writes of a notice.
          stderr: new Stream(of('err'), errCode),
        }
        const safe = safely(process)
        for (const [to] of all) safe[to]('text')
        // The command ends before its output has failed, or after it.
        if (late) process.exitCode = safe.lost()
        await new Promise(resolve => setImmediate(resolve))
        if (!late) process.exitCode = safe.lost()
        const lost = of('out').some(fate => fate !== 'written')
        expect(process.exitCode).toBe(lost ? (outCode === 'EPIPE' ? 141 : 2) : 0)
      }),
      cases(1000, 'quick'),
    ))
})
