import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Info } from '../../../src/core/protocol/Info.js'
import { status, statusLine, timeLeft } from '../../../src/shell/run/statusLine.js'
import { listen } from '../../../src/shell/run/Stop.js'

const info: Info = {
  phase: 'Minimising',
  outerIteration: 1,
  innerIteration: 2,
  progress: 0.25,
  lambda: [1.234, -0.5],
  upperLoss: 0.45678,
  lowerLoss: 0.1,
  phiHat: 0.09,
  phiDeviation: 0.001,
  violation: 0.01,
  epsilon: 1e-3,
  multiplier: 1,
  penalty: 2,
  stationarity: null,
  coefficient: 3,
  lowerLevelSolves: 4,
  effort: 100,
  message: null,
  outcome: null,
}

const screenOf = (isTTY: boolean) => {
  const texts: Array<string> = []
  return { isTTY, columns: 60, write: (text: string) => texts.push(text), texts }
}

describe('the status line', () => {
  it('shows phase, λ, losses, violation and the time left', () => {
    const line = statusLine(info, null, 30)
    for (const part of [
      '25 %',
      'Minimising',
      'λ 1.23, -0.50',
      'F 0.4568',
      'f 0.1000',
      'violation 0.01',
      '1 min 30 s left',
    ])
      expect(line).toContain(part)
  })

  it('estimates the time left from the progress, once there is enough', () => {
    expect(timeLeft(0.25, 30)).toBeCloseTo(90)
    expect(timeLeft(1, 30)).toBe(0)
    expect(timeLeft(0.001, 30)).toBeNull()
  })

  it('updates one line on a terminal, within its width, at most ten times a second', () => {
    const screen = screenOf(true)
    let now = 0
    const shown = status(screen, () => now)
    for (let i = 0; i < 100; i++) {
      shown.show(() => statusLine(info, null, now))
      now += 0.01
    }
    expect(screen.texts.length).toBeGreaterThanOrEqual(9)
    expect(screen.texts.length).toBeLessThanOrEqual(11)
    for (const text of screen.texts) {
      expect(text.startsWith('\r\u001b[2K')).toBe(true)
      expect(text).not.toContain('\n')
      expect(text.length).toBeLessThanOrEqual(60 + '\r\u001b[2K'.length)
    }
  })

  it('is a plain line every few seconds elsewhere', () => {
    const screen = screenOf(false)
    let now = 0
    const shown = status(screen, () => now)
    for (let i = 0; i < 1200; i++) {
      shown.show(() => 'line')
      now += 0.01
    }
    shown.clear()
    expect(screen.texts).toEqual(['line\n', 'line\n', 'line\n'])
  })
})

describe('Ctrl-C', () => {
  it('first requests a stop, then aborts the running command, then ends the process', () => {
    const emitter = new EventEmitter()
    const exits: Array<number> = []
    const screen = screenOf(false)
    const stop = listen(
      {
        on: (signal, listener) => emitter.on(signal, listener),
        off: (signal, listener) => emitter.off(signal, listener),
        exit: code => void exits.push(code),
      },
      status(screen, () => 0),
    )
    expect(stop.requested()).toBe(false)
    emitter.emit('SIGINT')
    expect([stop.requested(), stop.signal.aborted]).toEqual([true, false])
    expect(screen.texts.join('')).toContain('Ctrl-C again')
    emitter.emit('SIGINT')
    expect([stop.signal.aborted, exits]).toEqual([true, []])
    emitter.emit('SIGINT')
    expect(exits).toEqual([130])
    stop.release()
    expect(emitter.listenerCount('SIGINT') + emitter.listenerCount('SIGTERM')).toBe(0)
  })
})
