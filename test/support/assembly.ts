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

const source = 'src/shell/backend/kernels/assembly/dense.ts'
const compiled = 'src/shell/backend/kernels/denseModule.ts'

/** The module, compiled anew. */
export const compile = (): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-assembly-'))
  const out = join(folder, 'dense.wasm')
  try {
    execFileSync(process.execPath, [
      'node_modules/assemblyscript/bin/asc.js',
      source,
      ...['--outFile', out, '-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub'],
      // The memory grows to what networks and images need, 2 GB at most.
      ...['--maximumMemory', '32768'],
    ])
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = compile()
    .toString('base64')
    .match(/.{1,100}/g)
  writeFileSync(
    compiled,
    [
      '/** `assembly/dense.ts`, compiled. Written by `npm run assembly`. */',
      'export const denseModule =',
      ...(lines ?? []).map((line, i, { length }) => `  '${line}'${i === length - 1 ? '' : ' +'}`),
      '',
    ].join('\n'),
  )
  console.log(compiled)
}
