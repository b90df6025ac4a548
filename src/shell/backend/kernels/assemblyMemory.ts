/** A WebAssembly module's memory, handed out piece by piece. Nothing is given back but with the whole module. */

interface Memory {
  readonly buffer: ArrayBuffer
  readonly grow: (pages: number) => number
}
// Node's types leave it out, and those of browsers bring much else.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> }
  readonly Memory: new (...of: never) => Memory
}

/** A function of a module: addresses and numbers go in. */
export type Exported = (...of: ReadonlyArray<number | boolean>) => unknown

/** A module that has a memory of its own. */
export interface Instance {
  /** The function of that name. */
  readonly exported: (name: string) => Exported
  /** The address of so many bytes that are zero, in whole vectors; `null` where the module would be beyond 2 GB. */
  readonly reserve: (bytes: number) => number | null
  /** Views of the whole memory, to be taken anew after {@link reserve}. */
  readonly floats: () => Float32Array
  readonly doubles: () => Float64Array
  readonly words: () => Uint32Array
}

const pageSize = 65536
/** Less than the modules' limit of 2 GB, beyond which addresses would be negative numbers. */
const mostBytes = 2 ** 31 - pageSize
/** A module's own data are before this. */
const firstAddress = 1024
const alignment = 16

/** Makes instances of a module that is given in base 64; it is compiled when the first is asked for. */
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
        if (next > mostBytes) return null
        const lacking = next - memory.buffer.byteLength
        if (lacking > 0) {
          memory.grow(Math.ceil(lacking / pageSize))
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
