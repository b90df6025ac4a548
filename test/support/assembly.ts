/**
 * Compiles our AssemblyScript, and writes what comes out to where the package has it: `npm run assembly`. A test compares the
 * two byte for byte.
 */
import asc from 'assemblyscript/asc'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const source = 'src/shell/backend/kernels/assembly/sparse.ts'
const compiled = 'src/shell/backend/kernels/sparseModule.ts'

/** The module, compiled anew. */
export const compile = async (): Promise<Uint8Array> => {
  const outputs = new Map<string, string | Uint8Array>()
  const { error } = await asc.main(
    // The memory grows to what products need, 2 GB at most.
    [
      source,
      ...['--outFile', 'sparse.wasm', '-O3', '--noAssert', '--enable', 'simd'],
      ...['--runtime', 'stub', '--maximumMemory', '32768'],
    ],
    {
      writeFile: (name, contents) => void outputs.set(name, contents),
    },
  )
  const module = outputs.get('sparse.wasm')
  if (error !== null || !(module instanceof Uint8Array))
    throw new Error(`${source} does not compile: ${error?.message ?? 'nothing came out'}`)
  return module
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = Buffer.from(await compile()).toString('base64')
  const lines = text.match(/.{1,100}/g) ?? []
  writeFileSync(
    compiled,
    [
      '/** `assembly/sparse.ts`, compiled. Written by `npm run assembly`. */',
      'export const sparseModule =',
      ...lines.map((line, i) => `  '${line}'${i === lines.length - 1 ? '' : ' +'}`),
      '',
    ].join('\n'),
  )
  console.log(compiled)
}
