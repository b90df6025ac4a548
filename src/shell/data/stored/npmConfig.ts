/**
 * The settings of the user's npm configuration that a download needs. pacote does not read `.npmrc`, so we run npm, which
 * knows all the places (project, user, global, environment) and their order.
 *
 * npm does not print credentials, so a registry that requires them cannot be used; the error of the failed download says
 * what to do. If npm cannot be run, only its environment variables are read.
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

/** The fields that we use; npm prints many others. */
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

/** The command that runs npm: the npm that started this process (`npm start`), or the one on the path. */
export const npmCommand = (): {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly shell: boolean
} => {
  const running = process.env['npm_execpath']
  return running !== undefined && basename(running) === 'npm-cli.js'
    ? { file: process.execPath, args: [running], shell: false }
    : // On Windows npm is a .cmd file, which only a shell can run.
      { file: 'npm', args: [], shell: process.platform === 'win32' }
}

const printedConfig = async (): Promise<unknown> => {
  const { file, args, shell } = npmCommand()
  const { stdout } = await promisify(execFile)(file, [...args, 'config', 'list', '--json'], {
    shell,
    timeout: 15_000,
    maxBuffer: 2 ** 24,
  })
  return JSON.parse(stdout)
}

const fromEnvironment = (): NpmConfig => ({ registry: process.env['npm_config_registry'] ?? null })

/** `ca`, or the contents of `cafile`; a missing file is ignored, as npm does. */
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

/** The user's npm configuration as pacote's options. Never fails. */
export const npmOptions: T.Task<Options> = async () => {
  const config = pipe(
    await printedConfig().catch(() => undefined),
    NpmConfig.decode,
    E.getOrElse(fromEnvironment),
  )
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
