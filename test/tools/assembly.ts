/**
 * Compiles our AssemblyScript and writes the modules that the package ships: `npm run assembly`. Each module's file
 * tells the SHA-256 of what it was made of and of what came out. A test compares them, and in depth compiles again.
 *
 * This runs the compiler instead of importing it. Its types would put AssemblyScript's globals into every file.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The modules: `assembly/dense.ts` becomes `denseModule.ts`. */
export const modules = ['conv', 'dense', 'lbfgs'] as const
export type Module = (typeof modules)[number]

const kernels = 'src/shell/backend/kernels'

/** The memory grows as needed, to 2 GB at most. */
const memory = ['--maximumMemory', '32768']
const options = ['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', ...memory]

const versionOf = (name: string): unknown =>
  (
    JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as Readonly<Record<string, unknown>>
  )['version']

/** The SHA-256 of all sources, the compilers' versions, the options, and the module that they gave. */
export const fingerprint = (module: Module, compiled: Uint8Array): string => {
  const compilers = ['assemblyscript', 'binaryen'].map(name => [name, versionOf(name)])
  const hash = createHash('sha256').update(JSON.stringify([module, options, compilers]))
  const sources = readdirSync(`${kernels}/assembly`).filter(name => name.endsWith('.ts'))
  for (const name of sources.sort())
    hash.update(JSON.stringify([name, readFileSync(`${kernels}/assembly/${name}`, 'utf8')]))
  return hash.update(compiled).digest('hex')
}

/** The fingerprint that the module's file tells. */
export const toldFingerprint = (module: Module): string | undefined =>
  /SHA-256 ([0-9a-f]{64})/.exec(readFileSync(`${kernels}/${module}Module.ts`, 'utf8'))?.[1]

/** Compiles a module. */
export const compile = (module: Module): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-assembly-'))
  const out = join(folder, `${module}.wasm`)
  try {
    execFileSync(process.execPath, [
      'node_modules/assemblyscript/bin/asc.js',
      `${kernels}/assembly/${module}.ts`,
      ...['--outFile', out, ...options],
    ])
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const module of modules) {
    const bytes = compile(module)
    const lines = bytes.toString('base64').match(/.{1,100}/g)
    const compiled = `${kernels}/${module}Module.ts`
    writeFileSync(
      compiled,
      [
        '/**',
        ` * \`assembly/${module}.ts\`, compiled. Written by \`npm run assembly\`. Sources, compiler and module have the`,
        ` * SHA-256 ${fingerprint(module, bytes)}.`,
        ' */',
        `export const ${module}Module =`,
        ...(lines ?? []).map((line, i, { length }) => `  '${line}'${i === length - 1 ? '' : ' +'}`),
        '',
      ].join('\n'),
    )
    console.log(compiled)
  }
