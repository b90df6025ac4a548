import * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test, vi } from 'vitest'
import { available, choose, chooseForNoTensors } from '../../../src/shell/backend/chooseBackend.js'
import type { Backend } from '../../../src/shell/backend/Backend.js'
import { withoutErrorHandlers, withoutGreeting } from '../../../src/shell/backend/quiet.js'
import { installKernels } from '../../../src/shell/backend/kernels/install.js'
import { left, run } from '../train/fixtures.js'

describe('Backend', () => {
  test('starting every backend says nothing and leaves no error handler behind', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const handlers = process.listeners('uncaughtException').length
    const rejections = process.listeners('unhandledRejection').length
    const found = await available()
    expect(found.map(({ name }) => name)).toEqual(['node', 'wasm', 'cpu'])
    const cpu = await run(choose('cpu'))
    cpu.tidy(() => tf.tensor1d([1, 2, 3]).dataSync())
    expect(warn.mock.calls).toEqual([])
    expect(process.listeners('uncaughtException')).toHaveLength(handlers)
    expect(process.listeners('unhandledRejection')).toHaveLength(rejections)
    warn.mockRestore()
  })

  test('auto takes the first that is present and says why in one line', async () => {
    const found = await available()
    const first = found.find(({ present }) => present)
    const backend = await run(choose('auto'))
    expect(backend.name).toBe(first?.name)
    expect(backend.oneLine).not.toContain('\n')
    for (const skipped of found.slice(
      0,
      found.findIndex(({ present }) => present),
    ))
      expect(backend.oneLine).toContain(skipped.detail)
  })

  test('one that is asked for and absent is an Environment error that says what to do', async () => {
    for (const { name, present, detail } of await available()) {
      const chosen = choose(name)
      if (present) expect((await run(chosen)).name).toBe(name)
      else {
        const error = left(await chosen())
        expect(error._tag).toBe('Environment')
        expect(error.message).toContain(detail)
        expect(error.message).toContain('--backend auto')
      }
    }
  })

  test('one for no tensors has the name, the versions and the line of one that is loaded', async () => {
    for (const choice of ['auto', 'node', 'wasm', 'cpu'] as const) {
      const [named, loaded] = [await chooseForNoTensors(choice)(), await choose(choice)()]
      const told = E.map(({ name, threads, versions, oneLine }: Backend) => ({
        name,
        threads,
        versions,
        oneLine,
      }))
      expect(told(named)).toEqual(told(loaded))
    }
  })

  test('one for no tensors runs what makes none, and has no values of any', async () => {
    const named = await run(chooseForNoTensors('cpu'))
    const cpu = await run(choose('cpu'))
    expect(named.tidy(() => 3)).toBe(3)
    expect(() => cpu.tidy(() => named.values(tf.ones([3])))).toThrow('was not loaded')
  })

  test('each tidy runs on its own backend and keeps no tensor, also when it throws', async () => {
    const wasm = await run(choose('wasm'))
    const cpu = await run(choose('cpu'))
    const before = tf.memory().numTensors
    for (const [backend, name] of [
      [wasm, 'wasm'],
      [cpu, 'cpu'],
      [wasm, 'wasm'],
    ] as const) {
      expect(
        backend.tidy(() => {
          tf.add(tf.ones([3]), 1)
          return tf.getBackend()
        }),
      ).toBe(name)
      expect(() =>
        backend.tidy(() => {
          tf.ones([3])
          throw new RangeError('on purpose')
        }),
      ).toThrow('on purpose')
    }
    expect(tf.memory().numTensors).toBe(before)
  })

  test('kernels are installed once', async () => {
    await run(choose('wasm'))
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const registered = tf.getKernel(tf.Conv2DBackpropFilter, 'wasm')
    installKernels('wasm')
    expect(tf.getKernel(tf.Conv2DBackpropFilter, 'wasm')).toBe(registered)
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })
})

describe('quiet', () => {
  test('only the greeting is dropped', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    withoutGreeting(() => {
      console.warn('Hi, looks like you are running TensorFlow.js in Node.js. To speed things up …')
      console.warn('a real warning')
    })
    console.warn('afterwards: looks like you are running TensorFlow.js in Node.js')
    expect(warn.mock.calls.map(([message]) => String(message).slice(0, 14))).toEqual([
      'a real warning',
      'afterwards: lo',
    ])
    warn.mockRestore()
  })

  test('only handlers added meanwhile are removed', async () => {
    const ours = (): void => undefined
    process.on('uncaughtException', ours)
    const before = process.listeners('uncaughtException')
    await withoutErrorHandlers(() => {
      process.on('uncaughtException', () => undefined)
      return Promise.resolve()
    })
    expect(process.listeners('uncaughtException')).toEqual(before)
    process.removeListener('uncaughtException', ours)
  })
})
