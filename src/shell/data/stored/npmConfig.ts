/**
 * The user's npm configuration, as far as a download needs it. pacote reads no `.npmrc`; npm itself is asked, because
 * only it knows all the places (project, user, global, environment) and their order.
 *
 * npm does not print credentials, so a registry that asks for them cannot be used here; the message of the failed
 * download says what to do then. Where npm cannot be run, its environment variables are all that is looked at.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as t from 'io-ts'
import type { Options } from 'pacote'
import { nullable } from '../../../core/codec/Codec.js'

const text = nullable(t.string)
const texts = nullable(t.union([t.string, t.array(t.string)]))

/** Other fields, and there are many, are none of our business. */
const NpmConfig = t.partial({
  registry: text,
  proxy: t.union([text, t.boolean]),
  'https-proxy': t.union([text, t.boolean]),
  noproxy: texts,
  ca: texts,
  cafile: text,
  'strict-ssl': nullable(t.boolean),
  'local-address': text,
  'replace-registry-host': text,
})
type NpmConfig = t.TypeOf<typeof NpmConfig>

/** Started by npm (`npm start`), the same npm is asked; else the one on the path. */
export const npmCommand = (): {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly shell: boolean
} => {
  const running = process.env['npm_execpath']
  return running !== undefined && basename(running) === 'npm-cli.js'
    ? { file: process.execPath, args: [running], shell: false }
    : // On Windows npm is a .cmd, which only a shell runs.
      { file: 'npm', args: [], shell: process.platform === 'win32' }
}

const asked = async (): Promise<unknown> => {
  const { file, args, shell } = npmCommand()
  const { stdout } = await promisify(execFile)(file, [...args, 'config', 'list', '--json'], {
    shell,
    timeout: 15_000,
    maxBuffer: 2 ** 24,
  })
  return JSON.parse(stdout)
}

const fromEnvironment = (): NpmConfig => ({ registry: process.env['npm_config_registry'] ?? null })

/** `ca`, or what is in `cafile`; a missing file is passed over, as npm does. */
const certificates = async ({ ca, cafile }: NpmConfig): Promise<string[] | undefined> => {
  if (typeof ca === 'string') return [ca]
  if (Array.isArray(ca) && ca.length > 0) return ca
  if (typeof cafile !== 'string' || cafile === '') return undefined
  return readFile(cafile, 'utf8').then(
    pem => [pem],
    () => undefined,
  )
}

const given = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** pacote's options in the user's npm configuration. Never fails. */
export const npmOptions: T.Task<Options> = async () => {
  const config = pipe(await asked().catch(() => undefined), NpmConfig.decode, E.getOrElse(fromEnvironment))
  const { registry, proxy, 'https-proxy': httpsProxy, noproxy, 'local-address': localAddress } = config
  const noProxy = [noproxy ?? []].flat().filter(host => host !== '')
  const ca = await certificates(config)
  return {
    ...(given(registry) ? { registry } : {}),
    ...(given(proxy) ? { proxy } : {}),
    ...(given(httpsProxy) ? { httpsProxy } : {}),
    ...(noProxy.length > 0 ? { noProxy: noProxy.join(',') } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(config['strict-ssl'] === false ? { strictSSL: false } : {}),
    ...(given(localAddress) ? { localAddress } : {}),
    ...(given(config['replace-registry-host'])
      ? { replaceRegistryHost: config['replace-registry-host'] }
      : {}),
  }
}
