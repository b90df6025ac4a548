/**
 * Long vectors of float32 in a memory of WebAssembly, and passes over them (`assembly/directions.ts`): four times as fast as
 * JavaScript's over float64, as many numbers fitting where the processor is quick.
 */
import { compiled } from './assemblyMemory.js'
import { directionsModule } from './directionsModule.js'

/** A vector's address. */
export type Vector = number & { readonly vector: unique symbol }

/** Vectors of one length. */
export interface Vectors {
  /** One of zeros, or of another's that was given back; `null` where there is no room. */
  readonly take: () => Vector | null
  readonly giveBack: (vector: Vector) => void
  /** Its numbers, until the next is taken. */
  readonly at: (vector: Vector) => Float32Array
  /** Σ a_i·b_i. */
  readonly dot: (a: Vector, b: Vector) => number
  /** a ← a + c·b, and Σ a_i·x_i of what it has become. */
  readonly addThenDot: (a: Vector, c: number, b: Vector, x: Vector) => number
  /** a ← c·a. */
  readonly scale: (a: Vector, c: number) => void
}

/** What vectors are padded to, in bytes. */
const alignment = 64

const make = () => {
  const memory = compiled(directionsModule)()
  return {
    memory,
    dot: memory.exported('dot'),
    addThenDot: memory.exported('addThenDot'),
    scale: memory.exported('scale'),
    // What was given back, by length: a training's vectors are the next one's.
    free: new Map<number, Vector[]>(),
  }
}
let started: ReturnType<typeof make> | null = null

/** Vectors of `length` numbers. All are in one memory, a thread. */
export const vectorsOf = (length: number): Vectors => {
  started ??= make()
  const { memory, dot, addThenDot, scale } = started
  const bytes = alignment * Math.ceil((4 * length) / alignment)
  const free = started.free.get(length) ?? []
  started.free.set(length, free)
  return {
    take: () => free.pop() ?? (memory.reserve(bytes) as Vector | null),
    giveBack: vector => {
      free.push(vector)
    },
    at: vector => memory.floats().subarray(vector / 4, vector / 4 + length),
    dot: (a, b) => Number(dot(a, b, bytes)),
    addThenDot: (a, c, b, x) => Number(addThenDot(a, c, b, x, bytes)),
    scale: (a, c) => void scale(a, c, bytes),
  }
}
