/**
 * The gradients of a convolution, in AssemblyScript; a part of `conv.ts`.
 *
 * The gradient dy by a convolution's sums is sparse: pooling passes a number to one of four places, and a ReLU to half of
 * the rest. So both gradients are sums over the numbers of dy that are not zero. By the filters: dK_c = Σ dy·patch, over
 * the pixels of channel c. By the input: each patch of dx gets Σ dy·K_c, over the channels c of a pixel.
 *
 * y = max(0, sums), or its maxima by pooling, is height × width × `filters`; dy is the gradient by y. `chosen` has the distance
 * of the patch of each number of y from the start of the image. Filters are apart: filter c has `rows` rows of `run` bytes.
 */
import { entrySize } from './rows'
import { vectorSize } from './steps'

// The shape of a tile, as a type: one row of eight, four, two vectors or one vector; two rows of four, four rows of two.
type One = u8
type Two = u16
type Four = u32
type Eight = u64
type Single = u8
type Several = u16

/**
 * out += Σ value·matrix, over the entries of a list: the address of a matrix, and a value. `offset`: from the address to the
 * tile; `step` and `outStep`: the bytes from a row to the next.
 */
function tileOf<Vectors, Rows>(
  from: usize,
  to: usize,
  offset: usize,
  step: usize,
  out: usize,
  outStep: usize,
): void {
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  for (let entry = from; entry < to; entry += entrySize) {
    const at = <usize>load<u32>(entry) + offset
    const value = v128.load_splat<f32>(entry, 4)
    a = f32x4.add(a, f32x4.mul(value, v128.load(at)))
    if (sizeof<Vectors>() >= sizeof<Two>()) b = f32x4.add(b, f32x4.mul(value, v128.load(at, 16)))
    if (sizeof<Vectors>() >= sizeof<Four>()) {
      c = f32x4.add(c, f32x4.mul(value, v128.load(at, 32)))
      d = f32x4.add(d, f32x4.mul(value, v128.load(at, 48)))
    }
    if (sizeof<Vectors>() === sizeof<Eight>()) {
      e = f32x4.add(e, f32x4.mul(value, v128.load(at, 64)))
      f = f32x4.add(f, f32x4.mul(value, v128.load(at, 80)))
      g = f32x4.add(g, f32x4.mul(value, v128.load(at, 96)))
      h = f32x4.add(h, f32x4.mul(value, v128.load(at, 112)))
    }
    if (sizeof<Rows>() === sizeof<Several>()) {
      const second = at + step
      if (sizeof<Vectors>() === sizeof<Four>()) {
        e = f32x4.add(e, f32x4.mul(value, v128.load(second)))
        f = f32x4.add(f, f32x4.mul(value, v128.load(second, 16)))
        g = f32x4.add(g, f32x4.mul(value, v128.load(second, 32)))
        h = f32x4.add(h, f32x4.mul(value, v128.load(second, 48)))
      } else {
        const third = second + step
        const fourth = third + step
        c = f32x4.add(c, f32x4.mul(value, v128.load(second)))
        e = f32x4.add(e, f32x4.mul(value, v128.load(third)))
        g = f32x4.add(g, f32x4.mul(value, v128.load(fourth)))
        if (sizeof<Vectors>() === sizeof<Two>()) {
          d = f32x4.add(d, f32x4.mul(value, v128.load(second, 16)))
          f = f32x4.add(f, f32x4.mul(value, v128.load(third, 16)))
          h = f32x4.add(h, f32x4.mul(value, v128.load(fourth, 16)))
        }
      }
    }
  }
  v128.store(out, f32x4.add(v128.load(out), a))
  if (sizeof<Vectors>() >= sizeof<Two>()) v128.store(out, f32x4.add(v128.load(out, 16), b), 16)
  if (sizeof<Vectors>() >= sizeof<Four>()) {
    v128.store(out, f32x4.add(v128.load(out, 32), c), 32)
    v128.store(out, f32x4.add(v128.load(out, 48), d), 48)
  }
  if (sizeof<Vectors>() === sizeof<Eight>()) {
    v128.store(out, f32x4.add(v128.load(out, 64), e), 64)
    v128.store(out, f32x4.add(v128.load(out, 80), f), 80)
    v128.store(out, f32x4.add(v128.load(out, 96), g), 96)
    v128.store(out, f32x4.add(v128.load(out, 112), h), 112)
  }
  if (sizeof<Rows>() === sizeof<Several>()) {
    const second = out + outStep
    if (sizeof<Vectors>() === sizeof<Four>()) {
      v128.store(second, f32x4.add(v128.load(second), e))
      v128.store(second, f32x4.add(v128.load(second, 16), f), 16)
      v128.store(second, f32x4.add(v128.load(second, 32), g), 32)
      v128.store(second, f32x4.add(v128.load(second, 48), h), 48)
    } else {
      const third = second + outStep
      const fourth = third + outStep
      v128.store(second, f32x4.add(v128.load(second), c))
      if (sizeof<Vectors>() === sizeof<Two>()) v128.store(second, f32x4.add(v128.load(second, 16), d), 16)
      v128.store(third, f32x4.add(v128.load(third), e))
      if (sizeof<Vectors>() === sizeof<Two>()) v128.store(third, f32x4.add(v128.load(third, 16), f), 16)
      v128.store(fourth, f32x4.add(v128.load(fourth), g))
      if (sizeof<Vectors>() === sizeof<Two>()) v128.store(fourth, f32x4.add(v128.load(fourth, 16), h), 16)
    }
  }
}

/** out += Σ value·matrix over a list, for all `rows` rows of `run` bytes, rounded up to whole vectors. */
function addMatrices(
  from: usize,
  to: usize,
  rows: i32,
  run: usize,
  step: usize,
  out: usize,
  outStep: usize,
): void {
  let tile: usize = 0
  for (; tile + 128 <= run; tile += 128)
    for (let row = 0; row < rows; row++)
      tileOf<Eight, Single>(
        from,
        to,
        tile + <usize>row * step,
        step,
        out + tile + <usize>row * outStep,
        outStep,
      )
  while (tile < run) {
    const width = tile + 48 < run ? 64 : tile + 16 < run ? 32 : 16
    let row = 0
    while (row < rows) {
      const offset = tile + <usize>row * step
      const at = out + tile + <usize>row * outStep
      if (width === 64 && row + 2 <= rows) {
        tileOf<Four, Several>(from, to, offset, step, at, outStep)
        row += 2
      } else if (width === 64) {
        tileOf<Four, Single>(from, to, offset, step, at, outStep)
        row++
      } else if (width === 32 && row + 4 <= rows) {
        tileOf<Two, Several>(from, to, offset, step, at, outStep)
        row += 4
      } else if (width === 32) {
        tileOf<Two, Single>(from, to, offset, step, at, outStep)
        row++
      } else if (row + 4 <= rows) {
        tileOf<One, Several>(from, to, offset, step, at, outStep)
        row += 4
      } else {
        tileOf<One, Single>(from, to, offset, step, at, outStep)
        row++
      }
    }
    tile += width
  }
}

/** The shapes of a convolution; `conv/convolutionStage.ts` writes them. Rows and pixels are those of the image; distances in bytes. */
@unmanaged
class Shapes {
  imageRow: u32
  imagePixel: u32
  /** The rows and the bytes of a row of a patch, and the bytes from a row of a filter to the next. */
  rows: i32
  run: u32
  filterStep: u32
  /** The shape of y, and the bytes from one of its rows to the next. */
  height: i32
  width: i32
  filters: u32
  yRow: u32
  /** How far a pixel of y is from the next in pixels of the sums: 2 with pooling, otherwise 1. */
  reach: u32
  /** The address of room for as many entries as y has pixels, or filters. */
  list: u32
}

/** Adds the gradient of one example by filters (apart) and biases. */
export function filterGradient(
  shapes: usize,
  image: usize,
  y: usize,
  dy: usize,
  chosen: usize,
  gradient: usize,
  biasGradient: usize,
): void {
  const its = changetype<Shapes>(shapes)
  const rows = its.rows
  const run: usize = its.run
  const imageRow: usize = its.imageRow
  const filterStep: usize = its.filterStep
  const height = its.height
  const width = its.width
  const yRow: usize = its.yRow
  const list: usize = its.list
  const pixel = (<usize>its.filters) << 2
  for (let channel: usize = 0; channel < pixel; channel += 4, gradient += <usize>rows * filterStep) {
    let end = list
    let sum: f32 = 0
    let where = chosen + channel
    for (let i = 0; i < height; i++) {
      let at = channel + <usize>i * yRow
      for (let j = 0; j < width; j++, at += pixel, where += pixel) {
        // Written in any case, and then passed over: a branch would often be predicted wrongly.
        const value = load<f32>(dy + at)
        const counts = load<f32>(y + at) > 0
        store<u32>(end, <u32>image + load<u32>(where))
        store<f32>(end, value, 4)
        sum += counts ? value : 0
        end += counts ? entrySize : 0
      }
    }
    addMatrices(list, end, rows, run, imageRow, gradient, filterStep)
    store<f32>(biasGradient + channel, load<f32>(biasGradient + channel) + sum)
  }
}

/** Adds the gradient of one example by the input to `dx`, an image like x. `matrices`: the filters, apart. */
export function inputGradient(
  shapes: usize,
  dx: usize,
  y: usize,
  dy: usize,
  chosen: usize,
  matrices: usize,
): void {
  const its = changetype<Shapes>(shapes)
  const rows = its.rows
  const run: usize = its.run
  const imageRow: usize = its.imageRow
  const imagePixel: usize = its.imagePixel
  const filterStep: usize = its.filterStep
  const height: usize = its.height
  const width: usize = its.width
  const yRow: usize = its.yRow
  const reach: usize = its.reach
  const list: usize = its.list
  const pixel = (<usize>its.filters) << 2
  const matrix = <usize>rows * filterStep
  const zero = f32x4.splat(0)
  for (let i: usize = 0; i < height; i++)
    for (let j: usize = 0; j < width; j++, chosen += pixel) {
      const at = i * yRow + j * pixel
      // The patches that pooling chose from, one after the other.
      for (let place: usize = 0; place < reach * reach; place++) {
        const patch = (reach * i + (place >> 1)) * imageRow + (reach * j + (place & 1)) * imagePixel
        const here = i32x4.splat(<i32>patch)
        let end = list
        for (let channel: usize = 0; channel < pixel; channel += vectorSize) {
          const lit = f32x4.gt(v128.load(y + at + channel), zero)
          let bits = i32x4.bitmask(v128.and(lit, i32x4.eq(v128.load(chosen + channel), here)))
          const left = <i32>(pixel - channel) >> 2
          if (left < 4) bits &= (1 << left) - 1
          for (; bits !== 0; bits &= bits - 1) {
            const c = channel + ((<usize>ctz(bits)) << 2)
            store<u32>(end, <u32>(matrices + (c >> 2) * matrix))
            store<f32>(end, load<f32>(dy + at + c), 4)
            end += entrySize
          }
        }
        if (end !== list) addMatrices(list, end, rows, run, filterStep, dx + patch, imageRow)
      }
    }
}
