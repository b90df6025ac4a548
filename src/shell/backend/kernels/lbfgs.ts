/**
 * The vectors of L-BFGS in a WebAssembly memory, and the operations on them (`assembly/lbfgs.ts`). They are three to five
 * times as fast as JavaScript. Operations in float64 give the same bits as JavaScript.
 */
import { instancesOf, type Instance } from './assemblyMemory.js'
import { lbfgsModule } from './lbfgsModule.js'

/** The address of a vector; a wide vector is float64, all others are float32. */
export type Vector = number & { readonly vector: unique symbol }
export type WideVector = number & { readonly wideVector: unique symbol }

/** Weights at which the objective was evaluated, and the gradient there. */
export interface Iterate {
  readonly weights: Vector
  readonly gradient: WideVector
}

/** Vectors of one length. They have a memory of their own until `leave` is called. */
export interface Vectors {
  /** Returns a free vector with arbitrary contents; `null` if the memory is full. */
  readonly take: () => Vector | null
  readonly takeWide: () => WideVector | null
  readonly giveBack: (vector: Vector) => void
  /** A view of a vector's numbers, valid until the next vector is taken. */
  readonly at: (vector: Vector) => Float32Array
  readonly wideAt: (vector: WideVector) => Float64Array
  /** Σ a_i·b_i. */
  readonly dot: (a: Vector, b: Vector) => number
  readonly wideDot: (g: WideVector, a: Vector) => number
  /** ‖g‖₂. */
  readonly norm: (g: WideVector) => number
  /** a ← a + c·b; returns Σ a_i·x_i with the new a. */
  readonly addThenDot: (a: Vector, c: number, b: Vector, x: Vector) => number
  /** a ← c·a. */
  readonly scale: (a: Vector, c: number) => void
  /** a ← b + c·d. */
  readonly move: (a: Vector, b: Vector, c: number, d: Vector) => void
  /** a ← −g. */
  readonly negative: (a: Vector, g: WideVector) => void
  /** s ← the difference of the weights, y ← the difference of the gradients; returns s·y and y·y. */
  readonly differences: (
    from: Iterate,
    to: Iterate,
    s: Vector,
    y: Vector,
  ) => { readonly sy: number; readonly yy: number }
  /** Releases the memory for reuse. */
  readonly leave: () => void
}

/** Vectors are padded to multiples of this many bytes of float32. */
const alignment = 64

const start = instancesOf(lbfgsModule)

/** A memory, and all vectors in it. */
interface Room {
  readonly memory: Instance
  readonly narrow: Vector[]
  readonly wide: WideVector[]
}

// Memories for reuse, by the length of their vectors.
const vacant = new Map<number, Room[]>()

/** Vectors of `length` numbers. */
export const vectorsOf = (length: number): Vectors => {
  const others = vacant.get(length) ?? []
  vacant.set(length, others)
  const room: Room = others.pop() ?? { memory: start(), narrow: [], wide: [] }
  const { memory } = room
  const bytes = alignment * Math.ceil((4 * length) / alignment)
  const free = { narrow: [...room.narrow], wide: [...room.wide] }
  const taken = <V extends number>(from: V[], all: V[], size: number): V | null => {
    const known = from.pop()
    if (known !== undefined) return known
    const made = memory.reserve(size) as V | null
    if (made !== null) all.push(made)
    return made
  }
  const dot = memory.exported('dot')
  const addThenDot = memory.exported('addThenDot')
  const scale = memory.exported('scale')
  const move = memory.exported('move')
  const negative = memory.exported('negative')
  const wideDot = memory.exported('wideDot')
  const wideSquares = memory.exported('wideSquares')
  const differences = memory.exported('differences')
  const takeSquares = memory.exported('takeSquares')
  return {
    take: () => {
      const vector = taken(free.narrow, room.narrow, bytes)
      // Clear the padding: kernels read it, and an Infinity from earlier use would spread.
      if (vector !== null) memory.floats().fill(0, vector / 4 + length, (vector + bytes) / 4)
      return vector
    },
    takeWide: () => taken(free.wide, room.wide, 2 * bytes),
    giveBack: vector => {
      free.narrow.push(vector)
    },
    at: vector => memory.floats().subarray(vector / 4, vector / 4 + length),
    wideAt: vector => memory.doubles().subarray(vector / 8, vector / 8 + length),
    dot: (a, b) => Number(dot(a, b, bytes)),
    wideDot: (g, a) => Number(wideDot(g, a, length)),
    norm: g => Math.sqrt(Number(wideSquares(g, length))),
    addThenDot: (a, c, b, x) => Number(addThenDot(a, c, b, x, bytes)),
    scale: (a, c) => void scale(a, c, bytes),
    move: (a, b, c, d) => void move(a, b, c, d, bytes),
    negative: (a, g) => void negative(a, g, bytes),
    differences: (from, to, s, y) => {
      const sy = Number(differences(from.weights, from.gradient, to.weights, to.gradient, s, y, bytes))
      return { sy, yy: Number(takeSquares()) }
    },
    leave: () => {
      others.push(room)
    },
  }
}
