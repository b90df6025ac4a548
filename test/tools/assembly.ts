/**
 * Compiles our AssemblyScript, and writes what comes out to where the package has it: `npm run assembly`. A test compares the
 * two byte for byte.
 *
 * The compiler is run, not imported: its types would bring AssemblyScript's globals into every file's.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The modules: `assembly/dense.ts` comes out as `denseModule.ts`. */
export const modules = ['dense', 'lbfgs'] as const
export type Module = (typeof modules)[number]

const kernels = 'src/shell/backend/kernels'

/** A module, compiled anew. */
export const compile = (module: Module): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-assembly-'))
  const out = join(folder, `${module}.wasm`)
  try {
    execFileSync(process.execPath, [
      'node_modules/assemblyscript/bin/asc.js',
      `${kernels}/assembly/${module}.ts`,
      ...['--outFile', out, '-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub'],
      // The memory grows to what is put into it, 2 GB at most.
      ...['--maximumMemory', '32768'],
    ])
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const module of modules) {
    const lines = compile(module)
      .toString('base64')
      .match(/.{1,100}/g)
    const compiled = `${kernels}/${module}Module.ts`
    writeFileSync(
      compiled,
      [
        `/** \`assembly/${module}.ts\`, compiled. Written by \`npm run assembly\`. */`,
        `export const ${module}Module =`,
        ...(lines ?? []).map((line, i, { length }) => `  '${line}'${i === length - 1 ? '' : ' +'}`),
        '',
      ].join('\n'),
    )
    console.log(compiled)
  }
