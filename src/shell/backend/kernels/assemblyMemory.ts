/** Instances of our WebAssembly modules, and allocation in their memory. Memory is freed only with the whole instance. */

interface Memory {
  readonly buffer: ArrayBuffer
  readonly grow: (pages: number) => number
}
// Node's types do not declare WebAssembly, and those of browsers declare too much else.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> }
  readonly Memory: new (...of: never) => Memory
}

/** A function of a module; its arguments are addresses and numbers. */
export type Exported = (...of: ReadonlyArray<number | boolean>) => unknown

/** An instance of a module, with its own memory. */
export interface Instance {
  /** The exported function of that name. */
  readonly exported: (name: string) => Exported
  /** Allocates zeroed bytes, rounded up to whole vectors; `null` if the memory would exceed 2 GB. */
  readonly reserve: (bytes: number) => number | null
  /** Views of the whole memory; take them again after {@link reserve}. */
  readonly floats: () => Float32Array
  readonly doubles: () => Float64Array
  readonly words: () => Uint32Array
}

const pageSize = 65536
/** Below the modules' limit of 2 GB, beyond which addresses would become negative numbers. */
const mostBytes = 2 ** 31 - pageSize
/** The module's own data lie below this address. */
const firstAddress = 1024
const alignment = 16
/** Bytes after the last allocated one, because modules may read a vector that is not whole. */
const slack = 16

/** Returns a function that makes instances of a module, given in base 64. The first call compiles it. */
export const instancesOf = (module: string): (() => Instance) => {
  let code: object | null = null
  return () => {
    code ??= new WebAssembly.Module(Buffer.from(module, 'base64'))
    const { exports } = new WebAssembly.Instance(code)
    const { memory } = exports
    if (!(memory instanceof WebAssembly.Memory))
      throw new Error('The module has no memory. `npm run assembly` writes it.')
    let floats = new Float32Array(memory.buffer)
    let doubles = new Float64Array(memory.buffer)
    let words = new Uint32Array(memory.buffer)
    let end = firstAddress
    return {
      exported: name => {
        const found = exports[name]
        if (typeof found !== 'function')
          throw new Error(`The module has no ${name}. \`npm run assembly\` writes it.`)
        return found as Exported
      },
      reserve: bytes => {
        const address = end
        const next = end + Math.ceil(bytes / alignment) * alignment
        if (next + slack > mostBytes) return null
        const missing = next + slack - memory.buffer.byteLength
        if (missing > 0) {
          memory.grow(Math.ceil(missing / pageSize))
          floats = new Float32Array(memory.buffer)
          doubles = new Float64Array(memory.buffer)
          words = new Uint32Array(memory.buffer)
        }
        end = next
        return address
      },
      floats: () => floats,
      doubles: () => doubles,
      words: () => words,
    }
  }
}
