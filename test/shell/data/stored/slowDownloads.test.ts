/** Registries that are silent, that drip, or that never end, at each of the two requests of a download. */
import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { gzipSync } from 'fflate'
import { cases, deep } from '../../../support/cases.js'
import type { DataProgress } from '../../../../src/shell/data/stored/DataProgress.js'
import { fetchFiles, type PinnedPackage } from '../../../../src/shell/data/stored/download.js'
import { watch } from '../../../../src/shell/data/stored/Pace.js'
import { integrityOf, messageOf, plainNpm, right, scratch, sha256 } from '../Fixtures.js'

const at = scratch()

const content = new Uint8Array(20_000).map((_, i) => (i * i) % 251)

/** A tarball with one file: a header of 512 bytes, the file in blocks of 512 bytes, and two empty blocks. */
const tarball = ((): Buffer => {
  const header = Buffer.alloc(512)
  const field = (at: number, text: string): number => header.write(text, at, 'latin1')
  field(0, 'package/data')
  field(100, '0000644\0' + '0000000\0' + '0000000\0')
  field(124, `${content.length.toString(8).padStart(11, '0')}\0` + '00000000000\0' + '        ' + '0')
  field(257, 'ustar\0' + '00')
  const sum = header.reduce((total, byte) => total + byte, 0)
  field(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  const padding = Buffer.alloc(1024 + ((512 - (content.length % 512)) % 512))
  return Buffer.from(gzipSync(Buffer.concat([header, content, padding]), { mtime: 0 }))
})()

const wanted: PinnedPackage = {
  name: 'tiny-data',
  version: '1.0.0',
  integrity: integrityOf(tarball),
  packedBytes: tarball.length,
  files: [{ name: 'data', path: 'package/data', bytes: content.length, sha256: sha256(content) }],
  byHand: 'Or get it by hand.',
}

/** What a registry does instead of, or while, answering with these bytes. */
type Behaviour = (response: ServerResponse, bytes: Buffer) => void

/** Sends again and again, until the other side hangs up. */
const repeatedly = (response: ServerResponse, every: number, chunk: () => Buffer | string): void => {
  const timer = setInterval(() => response.write(chunk()), every)
  response.on('close', () => clearInterval(timer))
}

const behaviours = {
  prompt: (response, bytes) => response.end(bytes),
  'never answers': () => undefined,
  'is silent after its head': (response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length })
    response.flushHeaders()
  },
  'is silent after half': (response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length })
    response.write(bytes.subarray(0, bytes.length / 2))
  },
  'is silent before its last byte': (response, bytes) => {
    response.write(bytes.subarray(0, -1))
  },
  'drips byte by byte': (response, bytes) => {
    let sent = 0
    repeatedly(response, 10, () => bytes.subarray(sent, ++sent))
  },
  'never ends': (response, bytes) => {
    response.write(bytes)
    repeatedly(response, 1, () => Buffer.alloc(1000, 32))
  },
} as const satisfies Record<string, Behaviour>

const servers = new Set<ReturnType<typeof createServer>>()
afterEach(() => {
  vi.unstubAllEnvs()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  servers.clear()
})

/** A registry that answers each request by a behaviour. `hungUp`: the connections that the program closed before their end. */
const registry = async (packument: Behaviour, body: Behaviour) => {
  const seen = { requests: 0, hungUp: 0 }
  const server = createServer((request, response) => {
    seen.requests++
    response.on('close', () => {
      if (!response.writableEnded) seen.hungUp++
    })
    if (request.url?.endsWith('.tgz') === true) {
      body(response, tarball)
      return
    }
    const dist = {
      tarball: `http://${request.headers.host ?? ''}/tiny-data-1.0.0.tgz`,
      integrity: wanted.integrity,
    }
    const versions = { '1.0.0': { name: 'tiny-data', version: '1.0.0', dist } }
    response.setHeader('content-type', 'application/json')
    packument(
      response,
      Buffer.from(JSON.stringify({ name: 'tiny-data', 'dist-tags': { latest: '1.0.0' }, versions })),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.add(server)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  vi.stubEnv('npm_config_registry', `http://127.0.0.1:${address.port}/`)
  if (!deep) vi.stubEnv('npm_execpath', await plainNpm(at))
  return seen
}

/** Limits that a busy machine keeps where a registry is prompt. */
const pace = { silenceMs: 1500, bytesPerSecond: 4096, noticeMs: 300 }

describe('a download', () => {
  it('that is prompt has no notices', async () => {
    await registry(behaviours.prompt, behaviours.prompt)
    const progress: DataProgress[] = []
    const result = await fetchFiles(wanted, { onProgress: one => progress.push(one) })()
    expect(right(result).get('data')).toEqual(Buffer.from(content))
    expect(new Set(progress.map(({ _tag }) => _tag))).toEqual(new Set(['Downloading']))
  })

  // Each waits for its limit.
  const often = <A>(all: ReadonlyArray<A>): ReadonlyArray<A> => (deep ? all : all.slice(0, 2))
  const slow = [
    'is silent after half',
    'drips byte by byte',
    'never answers',
    'is silent after its head',
    'is silent before its last byte',
  ] as const

  it.each(often(slow))('whose registry %s is stopped, with a word', async behaviour => {
    const seen = await registry(behaviours.prompt, behaviours[behaviour])
    const progress: DataProgress[] = []
    const result = await fetchFiles(wanted, { pace, onProgress: one => progress.push(one) })()
    expect(messageOf('Environment', result)).toMatch(
      behaviour.startsWith('drips')
        ? /could not be downloaded: \d+ bytes arrived in 1.5 s, fewer than 4,096 a second\. The registry is too slow/
        : /could not be downloaded: (nothing arrived for|\d+ bytes arrived in) 1.5 s.*\. The registry is too slow or does not answer/,
    )
    if (!behaviour.startsWith('drips'))
      expect(progress.filter(({ _tag }) => _tag === 'Waiting')).toEqual([
        { _tag: 'Waiting', name: 'tiny-data@1.0.0', silentMs: 300 },
      ])
    // It is not tried again, and no connection is left that would keep the process alive.
    expect(seen.requests).toBe(2)
    await vi.waitUntil(() => seen.hungUp === 1, { timeout: 60_000 })
  })

  it.each(often(['never answers', 'never ends', 'is silent after half', 'drips byte by byte'] as const))(
    'whose registry %s when it is asked for the address is stopped',
    async behaviour => {
      const seen = await registry(behaviours[behaviour], behaviours.prompt)
      const result = await fetchFiles(wanted, { pace })()
      expect(messageOf('Environment', result)).toContain('could not be downloaded: nothing arrived for 1.5 s')
      expect(seen.requests).toBe(1)
      await vi.waitUntil(() => seen.hungUp === 1, { timeout: 60_000 })
    },
  )

  it('that never ends is refused as soon as it is too large', async () => {
    const seen = await registry(behaviours.prompt, behaviours['never ends'])
    const result = await fetchFiles(wanted)()
    expect(messageOf('Environment', result)).toContain(
      `was refused, because it is larger than the expected ${tarball.length.toLocaleString('en-US')} bytes.`,
    )
    expect(seen.requests).toBe(2)
    await vi.waitUntil(() => seen.hungUp === 1, { timeout: 60_000 })
  })
})

describe('the pace of a download', () => {
  const limits = { silenceMs: 60_000, bytesPerSecond: 100, noticeMs: 10_000 }
  const Arrivals = fc.array(
    fc.record({ afterMs: fc.integer({ min: 1, max: 90_000 }), bytes: fc.integer({ min: 0, max: 8000 }) }),
    { minLength: 1, maxLength: 30 },
  )

  it('ends it within a span of silence, within two of a drip, and at once when it is too large', () => {
    vi.useFakeTimers()
    try {
      fc.assert(
        fc.property(Arrivals, fc.integer({ min: 0, max: 100_000 }), (arrivals, pinned) => {
          const stopped: Error[] = []
          let [notices, total, silent] = [0, 0, 0]
          const pace = watch(
            limits,
            pinned,
            reason => stopped.push(reason),
            () => notices++,
          )
          for (const { afterMs, bytes } of arrivals) {
            silent = Math.max(silent, afterMs)
            vi.advanceTimersByTime(afterMs)
            if (stopped.length > 0) break
            total += bytes
            pace.arrived(total)
            if (stopped.length > 0) break
          }
          const [found = null] = stopped
          expect(stopped.length).toBeLessThanOrEqual(1)
          if (total > pinned) expect(found?.message).toMatch(/larger than/)
          if (silent >= limits.silenceMs) expect(found).not.toBe(null)
          // An arrival of nothing new is a sign of life, too, but the pace counts bytes.
          if (silent < limits.noticeMs) expect(notices).toBe(0)
          else expect(notices).toBeGreaterThan(0)
          pace.end()
          expect(vi.getTimerCount()).toBe(0)
        }),
        cases(2000, 'quick'),
      )
    } finally {
      vi.useRealTimers()
    }
  })

  it('lets each download pass that is fast enough in every span', () => {
    vi.useFakeTimers()
    try {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 100, max: 900 }), { minLength: 1, maxLength: 300 }), rates => {
          let stopped: Error | null = null
          const sizes = rates.reduce((sum, rate) => sum + rate, 0)
          const pace = watch(
            limits,
            sizes,
            reason => (stopped = reason),
            () => undefined,
          )
          let total = 0
          for (const rate of rates) {
            vi.advanceTimersByTime(1000)
            pace.arrived((total += rate))
          }
          pace.end()
          expect(stopped).toBe(null)
        }),
        cases(300, 'usual'),
      )
    } finally {
      vi.useRealTimers()
    }
  })
})
